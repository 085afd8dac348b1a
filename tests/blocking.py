"""A client for tests that are no coroutines, of one Redis or of a cluster."""

from urllib.parse import urlsplit

from redis import Redis, RedisCluster

from pennywren.store.connect import is_cluster


def blocking(url: str, *, decode: bool = False) -> Redis | RedisCluster:
    """A client for `url`, which may name the nodes of a cluster."""
    if not is_cluster(url):
        return Redis.from_url(url, decode_responses=decode)
    login, _, hosts = urlsplit(url).netloc.rpartition("@")
    return RedisCluster.from_url(f"redis://{login}@{hosts.split(',')[0]}", decode_responses=decode)

"""`keys`: where a product is in Redis."""

import os
import shlex
import shutil
from typing import Final

import click
import msgspec

from pennywren import keyspace
from pennywren.local.redis import cli_beside
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.rule import WatchSet
from pennywren.settings import PREFIX, load_settings

_AS_JSON: Final = "local v = redis.call('GET', KEYS[1]) return v and cjson.encode(cmsgpack.unpack(v))"
"""What is believed of a product, in words that people read."""


@click.command()
@click.argument("product")
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object for each key.")
def keys(product: str, as_json: bool) -> None:
    """Write redis-cli lines that read everything Redis has of a product.

    docs/redis.md says what each of them shows. A key that is missing reads as empty.

    \b
    Examples:
      pennywren keys us:B08N5WRWNW
      pennywren keys us:B08N5WRWNW | grep price | sh
    """
    settings = load_settings()
    of = ProductID.parse(product, settings.default_marketplace)
    given = PREFIX + "REDIS_URL"
    # The address holds a password: where the shell knows it, it is not written out.
    address = f'"${given}"' if given in os.environ else shlex.quote(settings.redis_url or "redis://127.0.0.1:6379/0")
    beside = cli_beside(settings.data_dir)
    program = "redis-cli" if shutil.which("redis-cli") or beside is None else shlex.quote(str(beside))
    for key, words in _reads(of):
        if as_json:
            click.echo(msgspec.json.encode({"key": key, "command": words}))
        else:
            click.echo(f"{program} -u {address} --no-auth-warning {shlex.join(words)}")


def _reads(of: ProductID) -> list[tuple[str, list[str]]]:
    """Each key, and the command that reads it."""
    n, name = keyspace.partition_of(of), str(of)
    reads: list[tuple[str, list[str]]] = []

    def add(key: str, command: str, *rest: str) -> None:
        reads.append((key, [command, key, *rest]))

    reads.append((keyspace.product(of), ["EVAL_RO", _AS_JSON, "1", keyspace.product(of)]))
    for offer in Offer:
        add(keyspace.raw(of, offer), "TS.RANGE", "-", "+")
        add(keyspace.state(of, offer), "TS.RANGE", "-", "+")
        for unit, aggregate in keyspace.COMPACTIONS:
            add(keyspace.compaction(of, offer, unit, aggregate), "TS.RANGE", "-", "+")
        for watch_set in WatchSet:
            add(keyspace.watch(of, offer, watch_set), "ZRANGE", "0", "-1", "WITHSCORES")
    add(keyspace.held(of), "HGETALL")
    add(keyspace.proof(of), "HGETALL")
    add(keyspace.cache(of), "HKEYS")
    add(keyspace.cold(n), "HMGET", of.marketplace, name)
    add(keyspace.warm(n), "ZSCORE", name)
    add(keyspace.frontier(n), "ZSCORE", name)
    add(keyspace.urgent(n), "ZSCORE", name)
    add(keyspace.leases(n), "ZSCORE", name)
    add(keyspace.changes(n), "XREVRANGE", "+", "-", "COUNT", "10")
    return reads

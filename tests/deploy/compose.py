"""docker/compose.yaml as processes of this machine: the same commands, settings, secrets and users, on free ports."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from redis import Redis

from pennywren.local.children import Program, start, stop, wait_until_ready
from pennywren.local.ports import free_port
from pennywren.local.redis import find_redis, link_openssl_1

ROOT = Path(__file__).parents[2]
DOCKER = ROOT / "docker"
SECRETS = "/run/secrets/"


def services() -> dict[str, dict[str, Any]]:
    """The services of compose.yaml."""
    found: dict[str, Any] = yaml.safe_load((DOCKER / "compose.yaml").read_text())
    return found["services"]


def of_pennywren() -> dict[str, dict[str, Any]]:
    """Those that are processes of ours."""
    return {name: each for name, each in services().items() if str(each["image"]).startswith("pennywren:")}


def health_address(service: str, port: int) -> str:
    """What the health check of a service asks for, where that one listens at `port` of this machine."""
    test: list[str] = services()[service]["healthcheck"]["test"]
    assert test[:2] == ["CMD", "wget"], f"{service} is not asked by wget"
    return str(httpx.URL(test[-1]).copy_with(port=port))


def program_of(*names: str) -> str:
    """Where a program is, by the first of its names that is there; the test is skipped where none is."""
    return next(filter(None, map(shutil.which, names)), None) or pytest.skip(f"{names[0]} is not installed here")


@dataclass(frozen=True)
class Stack:
    """What runs, and what processes need to join it."""

    folder: Path
    secrets: Path
    redis_port: int
    queue_port: int
    environ: Mapping[str, str]

    def environment(self, service: str) -> dict[str, str]:
        """What compose gives to a service, with files and folders of this machine."""
        given: dict[str, str] = of_pennywren()[service]["environment"]
        named = {name: value.replace(SECRETS, f"{self.secrets}/") for name, value in given.items()}
        named = {name: value.replace("${PENNYWREN_HOST:-localhost}", "localhost") for name, value in named.items()}
        named["PENNYWREN_ARCHIVE"] = str(self.folder / "archive")
        named["PENNYWREN_DATA_DIR"] = str(self.folder / f"data-{service}")
        outside = {name: value for name, value in os.environ.items() if not name.startswith("PENNYWREN_")}
        return {**outside, **named, **self.environ}

    def program(self, service: str) -> Program:
        """A service's command as a process."""
        command: list[str] = of_pennywren()[service]["command"]
        argv = [sys.executable, "-m", "pennywren", *command]
        return Program(name=service, argv=argv, env=self.environment(service), log=self.folder / f"{service}.log")

    def health_check(self, service: str) -> subprocess.CompletedProcess[str]:
        """A service's health check, run with what its container has."""
        test: list[str] = of_pennywren()[service]["healthcheck"]["test"]
        assert test[:2] == ["CMD", "pennywren"], f"{service} is not asked by a command of ours"
        argv = [sys.executable, "-m", *test[1:]]
        return subprocess.run(argv, env=self.environment(service), capture_output=True, text=True, check=False)

    def secret(self, name: str) -> str:
        """What a secret holds."""
        return (self.secrets / name).read_text().strip()

    def redis(self, user: str, server: str = "redis") -> Redis:
        """A connection of one user."""
        return Redis.from_url(self.secret(f"{server}_url_{user}"), decode_responses=True)

    def refused(self, server: str = "redis") -> list[str]:
        """What users were refused since the server began: who, and what."""
        with self.redis("operator", server) as client:
            log: list[dict[str, str]] = client.acl_log()  # pyright: ignore[reportAssignmentType]
            return [f"{each['username']}: {each['reason']} {each['object']}" for each in log]


@contextmanager
def both_redis(folder: Path, postgres_url: str, smtp_port: int, environ: Mapping[str, str]) -> Generator[Stack]:
    """Both Redis under our redis.conf and ACL files, with secrets made by our script."""
    redis_port, queue_port = free_port(), free_port()
    secrets = folder / "secrets"
    hosts = {
        "REDIS_HOST": f"127.0.0.1:{redis_port}",
        "QUEUE_HOST": f"127.0.0.1:{queue_port}",
        "SMTP_URL": f"smtp://127.0.0.1:{smtp_port}",
    }
    subprocess.run(
        [str(DOCKER / "secrets.sh"), str(secrets)], env={**os.environ, **hosts}, check=True, capture_output=True
    )
    (secrets / "postgres_url").write_text(postgres_url)
    stack = Stack(folder, secrets, redis_port, queue_port, environ)
    with ExitStack() as running:
        for server, port in (("redis", redis_port), ("queue", queue_port)):
            program = _server(folder / server, server, port, secrets)
            process = start(program)
            running.callback(stop, {process.pid: (program, process)})
            wait_until_ready(program, process, lambda port=port: answers(port))
        yield stack


def _server(folder: Path, server: str, port: int, secrets: Path) -> Program:
    folder.mkdir(parents=True)
    binary = find_redis()
    conf = folder / "redis.conf"
    text = (DOCKER / "redis.conf").read_text().replace("/etc/redis/users.acl", str(secrets / f"{server}.acl"))
    conf.write_text(text)
    env = dict(os.environ)
    if binary.needs_openssl_1:
        env["LD_LIBRARY_PATH"] = str(link_openssl_1(folder / "lib"))
    options = ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)]
    if server == "redis":
        options += ["--loadmodule", str(binary.module)]
    return Program(
        name=server, argv=[str(binary.server), str(conf), *options], env=env, log=folder / "log", last=True
    )  # fmt: skip


def answers(port: int) -> bool:
    """What the health check of compose.yaml sends: as the user `health`, with any password."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.sendall(b"AUTH health any\r\nPING\r\n")
            said = b""
            while not said.endswith(b"+PONG\r\n") and (more := connection.recv(100)):
                said += more
            return said == b"+OK\r\n+PONG\r\n"
    except OSError:
        return False

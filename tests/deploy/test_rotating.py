"""Secrets are replaced while everything runs, as docs/operations.md says under "Rotate"."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import asyncpg
import httpx
import msgspec
import pytest
from redis import Redis
from redis.exceptions import AuthenticationError

from pennywren.model.clock import SECOND, system_clock
from pennywren.postgres.pool import open_pool, transaction
from pennywren.settings import Settings, load_settings
from pennywren.web.app import create_app
from pennywren.web.site.hooks import signature
from tests.deploy.compose import DOCKER, Stack, both_redis


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, migrated_database: str) -> Iterator[Stack]:
    with both_redis(tmp_path_factory.mktemp("rotating"), migrated_database, 25, {}) as made:
        yield made


def _script(stack: Stack, name: str, *words: str) -> None:
    """One of our scripts, and then the server reads its users again."""
    subprocess.run([str(DOCKER / name), *words, str(stack.secrets)], check=True, capture_output=True)
    with stack.redis("operator") as operator:
        operator.execute_command("ACL", "LOAD")


def test_a_redis_user_has_two_passwords_until_the_old_one_is_taken_away(stack: Stack) -> None:
    old = stack.secret("redis_password_crawl")

    def connect(password: str) -> Redis:
        return Redis(port=stack.redis_port, username="crawl", password=password)

    with stack.redis("operator") as operator, connect(old) as running:
        assert running.ping()
        _script(stack, "rotate.sh", "next", "redis", "crawl")
        with connect(old) as before, stack.redis("crawl") as after:
            assert (before.ping(), after.ping()) == (True, True)
        _script(stack, "secrets.sh")  # a new release comes in between
        with connect(old) as before:
            assert before.ping()
        _script(stack, "rotate.sh", "last", "redis", "crawl")
        with connect(old) as late, pytest.raises(AuthenticationError):
            late.ping()
        with stack.redis("crawl") as after:
            assert after.ping()
        # Whoever is connected stays so, and has the rights of the role still.
        assert running.ping()
        assert len(cast(dict[str, list[str]], operator.acl_getuser("crawl"))["passwords"]) == 1


def test_what_users_may_do_is_written_anew_with_each_release(stack: Stack) -> None:
    users = stack.secrets / "redis.acl"
    of_this_release = users.read_text()
    users.write_text(of_this_release.replace(" ~{image}:*", ""))
    _script(stack, "secrets.sh")
    assert users.read_text() == of_this_release


def test_the_password_of_nobody_is_not_replaced(stack: Stack) -> None:
    before = (stack.secrets / "redis.acl").read_text()
    for step, server, user, words in (
        ("next", "redis", "nobody", "redis has no user nobody"),
        ("next", "cache", "crawl", "there is no"),
        ("then", "redis", "crawl", "then is no step"),
    ):
        argv = [str(DOCKER / "rotate.sh"), step, server, user, str(stack.secrets)]
        refused = subprocess.run(argv, capture_output=True, text=True, check=False)
        assert (refused.returncode, words in refused.stderr) == (1, True)
    assert (stack.secrets / "redis.acl").read_text() == before


async def test_connections_to_postgres_outlive_its_old_password(postgres_server: str) -> None:
    admin = await asyncpg.connect(postgres_server)
    where = postgres_server.rpartition("@")[2]
    try:
        await admin.execute("drop role if exists rotating")
        await admin.execute("create role rotating login password 'old'")
        pool = await open_pool(f"postgresql://rotating:old@{where}", size=1)
        await admin.execute("alter role rotating password 'new'")
        async with transaction(pool) as connection:
            assert await connection.fetchval("select 1") == 1
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(f"postgresql://rotating:old@{where}")
        await (await asyncpg.connect(f"postgresql://rotating:new@{where}")).close()
        await pool.close()
    finally:
        await admin.execute("drop role if exists rotating")
        await admin.close()


async def test_a_hook_takes_both_keys_while_its_key_is_replaced(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "mail_events_secret"
    file.write_text("the old one\nthe new one\n")
    given = {"PENNYWREN_MAIL_EVENTS_SECRET_FILE": str(file), "PENNYWREN_DATA_DIR": str(tmp_path)}
    secret = load_settings(given, tmp_path).mail_events_secret
    app = create_app(msgspec.structs.replace(settings, mail_events_secret=secret, smtp_url="smtp://127.0.0.1:25"))
    body, at = b'{"events": []}', system_clock() // SECOND
    answers: dict[str, int] = {}
    async with app.litestar.lifespan():
        transport = httpx.ASGITransport(app=app)  # pyright: ignore[reportArgumentType]
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
            for key in ("the old one", "the new one", "another", "the old one\nthe new one"):
                signed = {"x-signature": f"t={at},v1={signature(key, at, body)}"}
                answers[key] = (await client.post("/hooks/mail-events", content=body, headers=signed)).status_code
    assert list(answers.values()) == [200, 200, 403, 403]

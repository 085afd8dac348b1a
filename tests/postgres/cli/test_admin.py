"""`pennywren admin`: who may open the pages of those who run the installation."""

import asyncio
import json

import asyncpg

from tests.postgres.cli.test_commands import environ, run

__all__ = ["environ"]


def test_admins_are_granted_listed_and_revoked(environ: dict[str, str]) -> None:
    assert run(environ, "admin", "list").stdout == "nobody yet: pennywren admin grant EMAIL\n"
    assert run(environ, "admin", "grant", "Ada@example.com").stdout == "Ada@example.com may open /admin\n"
    assert run(environ, "admin", "grant", "ada@example.com").stdout == "ada@example.com may open /admin already\n"
    assert json.loads(run(environ, "admin", "list", "--json").stdout)["email"] == "Ada@example.com"
    assert run(environ, "admin", "revoke", "ADA@example.com").stdout == "ADA@example.com may open /admin no more\n"
    assert run(environ, "admin", "revoke", "ada@example.com").stdout == "ada@example.com could not open /admin anyway\n"
    assert run(environ, "admin", "list", "--json").stdout == ""


def test_what_is_no_address_is_refused(environ: dict[str, str]) -> None:
    refused = run(environ, "admin", "grant", "ada")

    assert refused.exit_code == 2
    assert "not an e-mail address" in refused.output


def test_the_log_has_a_number_and_no_address(environ: dict[str, str]) -> None:
    run(environ, "admin", "grant", "ada@example.com")

    async def read() -> list[str]:
        connection = await asyncpg.connect(environ["PENNYWREN_POSTGRES_URL"])
        rows = await connection.fetch("select * from admin_log")
        await connection.close()
        return [str(dict(row)) for row in rows]

    [entry] = asyncio.run(read())
    assert "'action': 'grant'" in entry
    assert "@" not in entry


def test_help_says_how(environ: dict[str, str]) -> None:
    shown = run(environ, "admin", "--help").stdout

    for word in ("grant", "revoke", "list", "pennywren admin grant ada@example.com"):
        assert word in shown

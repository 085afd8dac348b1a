"""`admin`: who sees and does what only those who run the installation may."""

import asyncio

import click
import msgspec

from pennywren.accounts import admins
from pennywren.accounts.admins import Admin
from pennywren.cli.parts import open_database
from pennywren.cli.trust_blocks import whoever_types
from pennywren.model.clock import rfc3339
from pennywren.postgres.pool import transaction


@click.group()
def admin() -> None:
    """Say who may open /admin: reporters, egresses, unreadable pages, plans.

    \b
    Examples:
      pennywren admin grant ada@example.com
      pennywren admin list
    """


@admin.command()
@click.argument("email")
def grant(email: str) -> None:
    """Let the person with this EMAIL address open /admin, now or once they have signed in."""
    done = asyncio.run(_change(email, granted=True))
    click.echo(f"{email.strip()} {'may open /admin' if done else 'may open /admin already'}")


@admin.command()
@click.argument("email")
def revoke(email: str) -> None:
    """Let the person with this EMAIL address open /admin no more; it holds at once."""
    done = asyncio.run(_change(email, granted=False))
    click.echo(f"{email.strip()} {'may open /admin no more' if done else 'could not open /admin anyway'}")


@admin.command("list")
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object a line.")
def list_command(as_json: bool) -> None:
    """List who may open /admin, since when."""
    found = asyncio.run(_list())
    for each in found:
        since = rfc3339(each.granted_at)
        click.echo(
            msgspec.json.encode({"personID": each.person_id, "email": each.email, "grantedTime": since})
            if as_json
            else f"{since}  {each.email}"
        )
    if not found and not as_json:
        click.echo("nobody yet: pennywren admin grant EMAIL")


async def _change(email: str, *, granted: bool) -> bool:
    async with open_database() as pool, transaction(pool) as connection:
        change = admins.grant if granted else admins.revoke
        return await change(connection, email, who=whoever_types())


async def _list() -> list[Admin]:
    async with open_database() as pool, transaction(pool) as connection:
        return await admins.list_all(connection)

"""`trust block` and `trust unblock`: who is not listened to."""

import asyncio
import getpass

import click
import msgspec

from pennywren.cli.parts import open_parts
from pennywren.cli.progress import progress_bar
from pennywren.model.clock import system_clock
from pennywren.pipeline.blocking import Subject, checked_reason, parse_subject, set_listening
from pennywren.store.connect import connect
from pennywren.trust.blocking import TakenOut


def whoever_types() -> str:
    """Who runs this command, for the log."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


@click.command()
@click.argument("subject", metavar="REPORTER|NETWORK")
@click.option("--because", required=True, help="Why; it is kept in the log.")
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object, and no progress bar.")
def block(subject: str, because: str, as_json: bool) -> None:
    """Refuse what a REPORTER or a NETWORK says from now on, and forget what it has said.

    \b
    Examples:
      pennywren trust block 5f3a9c0d1e2b4a68 --because "invents prices"
      pennywren trust block 192.0.2.0/24 --because "a farm of browsers"
    """
    _say(parse_subject(subject), checked_reason(because), as_json, blocked=True)


@click.command()
@click.argument("subject", metavar="REPORTER|NETWORK")
@click.option("--because", required=True, help="Why; it is kept in the log.")
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object.")
def unblock(subject: str, because: str, as_json: bool) -> None:
    """Listen to a REPORTER or a NETWORK again, with the reputation that it had.

    \b
    Example:
      pennywren trust unblock 192.0.2.0/24 --because "it was a university"
    """
    _say(parse_subject(subject), checked_reason(because), as_json, blocked=False)


def _say(subject: Subject, because: str, as_json: bool, *, blocked: bool) -> None:
    changed, taken = asyncio.run(_set(subject, because, blocked=blocked, quiet=as_json))
    if as_json:
        shown = {"subject": subject.name, "blocked": blocked, "changed": changed}
        click.echo(msgspec.json.encode({**shown, "products": taken.products, "voices": taken.voices}))
    elif not changed:
        click.echo(f"{subject.name} {'is blocked already' if blocked else 'is not blocked'}{_forgot(taken)}")
    else:
        click.echo(f"{subject.name} is {'blocked' if blocked else 'listened to again'}{_forgot(taken)}")


def _forgot(taken: TakenOut) -> str:
    if not taken.voices:
        return ""
    return f"; what it said is forgotten ({taken.voices} voices about {taken.products} products)"


async def _set(subject: Subject, because: str, *, blocked: bool, quiet: bool) -> tuple[bool, TakenOut]:
    async with open_parts(connections=1) as parts:
        client = connect(parts.settings.redis_url or "", decode=False)
        try:
            with progress_bar("looking through what was said", quiet=quiet or not blocked) as advance:
                looked = 0

                def hear(more: int) -> None:
                    nonlocal looked
                    looked += more
                    advance(looked, looked)

                return await set_listening(
                    client, parts.pool, subject, because, system_clock(), blocked=blocked, who=whoever_types(),
                    progress=hear,
                )  # fmt: skip
        finally:
            await client.aclose()

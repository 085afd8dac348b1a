"""`trust block` and `trust unblock`: who is not listened to."""

import asyncio
import getpass
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Network, ip_network
from typing import Final

import click
import msgspec

from pennywren.cli.parts import open_parts
from pennywren.cli.progress import progress_bar
from pennywren.errors import BadInput
from pennywren.model.clock import system_clock
from pennywren.postgres.pool import transaction
from pennywren.postgres.secrets import get_or_create
from pennywren.postgres.trust_log import keep_in_log
from pennywren.store.connect import connect
from pennywren.trust.blocking import TakenOut, set_blocked, set_network_blocked, take_out
from pennywren.trust.hearsay import Voice
from pennywren.trust.networks import NETWORK_KEY, network_name

_LONGEST: Final = 300


def checked_reason(words: str) -> str:
    """`words` as a reason that can be kept and shown.

    Raises:
        BadInput: too short, or too long.
    """
    reason = " ".join(words.split())
    if not 3 <= len(reason) <= _LONGEST:
        raise BadInput(f"--because: say why, in 3 to {_LONGEST} characters")
    return reason


def whoever_types() -> str:
    """Who runs this command, for the log."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


@dataclass(frozen=True, slots=True)
class Subject:
    """A reporter, or a network."""

    name: str
    is_network: bool

    def is_theirs(self, network_key: bytes) -> Callable[[Voice], bool]:
        """Whether a voice is that of the subject; `network_key` names networks in what is remembered."""
        if self.is_network:
            names = {self.name, network_name(network_key, self.name)}
            return lambda voice: voice.network in names
        return lambda voice: voice.reporter == self.name


def parse_subject(text: str) -> Subject:
    """A reporter's ID, or a network as 192.0.2.0/24 or 2001:db8:1::/48; an address stands for its network.

    Raises:
        BadInput: empty, or a network of another size.
    """
    name = text.strip()
    if not name or len(name) > 200:
        raise BadInput("give a reporter's ID, or a network like 192.0.2.0/24")
    try:
        network = ip_network(name, strict=False)
    except ValueError:
        if "/" in name:
            raise BadInput(f"{name[:60]!r} is not a network: write 192.0.2.0/24, or 2001:db8:1::/48") from None
        return Subject(name, False)
    size = 24 if isinstance(network, IPv4Network) else 48
    if network.prefixlen < size:
        raise BadInput(f"{name}: networks are blocked one /{size} at a time")
    return Subject(str(network.supernet(new_prefix=size)), True)


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
        now = system_clock()
        try:
            if subject.is_network:
                changed = await set_network_blocked(client, subject.name, because if blocked else None)
            else:
                changed = await set_blocked(client, subject.name, blocked, now)
            taken = TakenOut(0, 0)
            key = await get_or_create(parts.pool, NETWORK_KEY)
            if blocked:
                with progress_bar("looking through what was said", quiet=quiet) as advance:
                    looked = 0

                    def hear(more: int) -> None:
                        nonlocal looked
                        looked += more
                        advance(looked, looked)

                    taken = await take_out(client, subject.is_theirs(key), now, hear)
        finally:
            await client.aclose()
        action = "block" if blocked else "unblock"
        if changed or taken.voices:
            async with transaction(parts.pool) as connection:
                await keep_in_log(
                    connection,
                    who=whoever_types(),
                    action=action,
                    subject=subject.name,
                    because=because,
                    effect=f"{action}ed; {taken.voices} voices about {taken.products} products forgotten",
                )
    return changed, taken

"""Who is not listened to: reporters and networks are blocked, or listened to again, and who did it and why is kept."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Network, ip_network
from typing import Final

from pennywren.errors import BadInput
from pennywren.postgres.pool import Pool, transaction
from pennywren.postgres.secrets import get_or_create
from pennywren.postgres.trust_log import keep_in_log
from pennywren.store.connect import Client
from pennywren.trust.blocking import TakenOut, set_blocked, set_network_blocked, take_out
from pennywren.trust.hearsay import Voice
from pennywren.trust.networks import NETWORK_KEY, network_name

_LONGEST: Final = 300
_REPORTER: Final = re.compile("[0-9a-f]{16}")
"""As installs and people are named (`installs.name_of`, `trust.networks`)."""


def checked_reason(words: str) -> str:
    """`words` as a reason that can be kept and shown.

    Raises:
        BadInput: too short, or too long.
    """
    reason = " ".join(words.split())
    if not 3 <= len(reason) <= _LONGEST:
        raise BadInput(f"because: say why, in 3 to {_LONGEST} characters", field="because")
    return reason


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
        BadInput: neither of them, or a network of another size.
    """
    name = text.strip().lower()
    if _REPORTER.fullmatch(name):
        return Subject(name, False)
    try:
        network = ip_network(name, strict=False)
    except ValueError:
        raise BadInput(
            f"{name[:60]!r} is neither the 16 characters of a reporter's ID, nor a network like 192.0.2.0/24",
            field="subject",
        ) from None
    size = 24 if isinstance(network, IPv4Network) else 48
    if network.prefixlen < size:
        raise BadInput(f"{name}: networks are blocked one /{size} at a time", field="subject")
    return Subject(str(network.supernet(new_prefix=size)), True)


async def set_listening(
    client: Client,
    pool: Pool,
    subject: Subject,
    because: str,
    now: int,
    *,
    blocked: bool,
    who: str,
    progress: Callable[[int], None] | None = None,
) -> tuple[bool, TakenOut]:
    """Block a subject and forget what it has said, or listen to it again: whether that changed anything, and what.

    `client` answers with bytes, `now` is ms UTC; `progress` hears how many products were looked at.

    Raises:
        Unavailable: Redis or the database is not reachable; doing it again is safe.
    """
    if subject.is_network:
        changed = await set_network_blocked(client, subject.name, because if blocked else None)
    else:
        changed = await set_blocked(client, subject.name, blocked, now)
    taken = TakenOut(0, 0)
    if blocked:
        key = await get_or_create(pool, NETWORK_KEY)
        taken = await take_out(client, subject.is_theirs(key), now, progress)
    action = "block" if blocked else "unblock"
    forgotten = f"; {taken.voices} voices about {taken.products} products forgotten" if blocked else ""
    if changed or taken.voices:
        async with transaction(pool) as connection:
            await keep_in_log(
                connection,
                who=who,
                action=action,
                subject=subject.name,
                because=because,
                effect=f"{action}ed{forgotten}",
            )
    return changed, taken

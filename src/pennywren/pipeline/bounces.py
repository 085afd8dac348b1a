"""Bounces and complaints: which mail of ours came back, and that nothing is sent to its address any more."""

import logging
import re
from dataclasses import dataclass
from typing import Final, Literal

from pennywren.model.clock import Clock
from pennywren.notify.decisions import Reason, remember
from pennywren.notify.return_path import read_return_address
from pennywren.notify.suppressed import suppress
from pennywren.postgres.pool import Connection, Pool, transaction

Kind = Literal["bounce", "complaint"]

_ALERT: Final = re.compile(r"alert-(\d{1,18})\Z")
_DIGEST: Final = re.compile(r"digest-(\d{1,18})-\d{1,18}\Z")

_OF_ALERT: Final = """
select p.email::text, a.subscription_id, a.change_id from alerts a join people p on p.id = a.person_id
where a.id = $1
"""
_OF_DIGEST: Final = """
select p.email::text, a.subscription_id, a.change_id
from subscriptions s
join alerts a on a.subscription_id = s.id and a.person_id = s.person_id
join deliveries d on d.alert_id = a.id and d.person_id = a.person_id
join people p on p.id = s.person_id
where s.person_id = $1 and d.message_id like $2
"""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Mail:
    """Whom a mail of ours went to, and the subscriptions and changes that it told."""

    email: str
    about: list[tuple[int, str]]


class Bounces:
    """Takes what mail systems say. `key` signs return addresses."""

    def __init__(self, pool: Pool, key: bytes, clock: Clock) -> None:
        self._pool = pool
        self._key = key
        self._clock = clock

    async def take(
        self,
        *,
        kind: Kind,
        return_path: str | None = None,
        message_id: str | None = None,
        permanent: bool = True,
        detail: str | None = None,
    ) -> bool:
        """Take one event about a mail, named by its return address or its Message-ID; whether it was one of ours.

        A bounce that passes is only remembered; a permanent one, or a complaint, suppresses the address.

        Raises:
            Unavailable: the database is not reachable.
        """
        key = read_return_address(self._key, return_path) if return_path else _key_of(message_id)
        if key is None:
            return False
        async with transaction(self._pool) as connection:
            mail = await _find(connection, key)
            if mail is None:
                return False
            reason = Reason.BOUNCED if kind == "bounce" else Reason.COMPLAINED
            for subscription_id, change_id in mail.about:
                await remember(connection, subscription_id, change_id, reason, self._clock())
            if permanent or kind == "complaint":
                why = "bounced" if kind == "bounce" else "complained"
                await suppress(connection, "email", mail.email, why, (detail or "")[:500] or None)
        _log.info("%s: a %s", key, kind)
        return True


def _key_of(message_id: str | None) -> str | None:
    """The key in a Message-ID of ours: `<alert-7@example.org>`."""
    found = (message_id or "").strip().strip("<>").partition("@")[0]
    return found if _ALERT.match(found) or _DIGEST.match(found) else None


async def _find(connection: Connection, key: str) -> _Mail | None:
    alert, digest = _ALERT.match(key), _DIGEST.match(key)
    if alert:
        rows = await connection.fetch(_OF_ALERT, int(alert[1]))
    elif digest:
        rows = await connection.fetch(_OF_DIGEST, int(digest[1]), f"<{key}@%")
    else:
        rows = []
    if not rows:
        return None
    return _Mail(rows[0]["email"], [(row["subscription_id"], row["change_id"]) for row in rows])

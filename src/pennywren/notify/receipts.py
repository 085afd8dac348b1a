"""What became of alerts, moment by moment: the receipts of a subscription's last alerts."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import asyncpg

from pennywren.notify.deliveries import NO_CHANNEL
from pennywren.postgres.moments import to_ms
from pennywren.postgres.pool import Connection

FOLLOWS_NO_CHANGE: Final = ("created", "expiry")
"""What alerts are about that tell the price as it is, and not that it moved: a target was met already, a watch ends."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to deliver. `at` is ms UTC."""

    channel: str
    outcome: str
    at: int
    reason: str | None


@dataclass(frozen=True, slots=True)
class Receipt:
    """One alert and when what happened to it. Times are ms UTC, None where it did not happen; prices minor units."""

    alert_id: int
    change_id: str
    about: str
    state: str
    old_price: int | None
    new_price: int | None
    seen_at: int
    """When anybody saw the price first, as far as the alert itself knows."""
    verified_at: int
    """When a crawl of ours saw it; nothing else is alerted."""
    decided_at: int
    queued_at: int | None
    sending_at: int | None
    """When a job last took it to send it; None where it was held, or given up, and nothing went out."""
    accepted_at: int | None
    """When a channel first accepted it."""
    attempts: tuple[Attempt, ...]


async def last(connection: Connection, subscription_id: int, count: int) -> list[Receipt]:
    """The receipts of a subscription's last alerts, newest first."""
    rows = await connection.fetch(
        "select id, change_id, about, state, old_price, new_price, seen_at, decided_at, queued_at, sending_at "
        "from alerts where subscription_id = $1 order by id desc limit $2",
        subscription_id,
        count,
    )
    tried = await connection.fetch(
        "select alert_id, channel, outcome, attempted_at, reason from deliveries where alert_id = any($1::bigint[]) "
        "order by id",
        [row["id"] for row in rows],
    )
    attempts: defaultdict[int, list[Attempt]] = defaultdict(list)
    for row in tried:
        attempts[row["alert_id"]].append(
            Attempt(row["channel"], row["outcome"], to_ms(row["attempted_at"]), row["reason"])
        )
    return [
        Receipt(
            alert_id=row["id"],
            change_id=row["change_id"],
            about=row["about"],
            state=row["state"],
            old_price=row["old_price"],
            new_price=row["new_price"],
            seen_at=to_ms(row["seen_at"]),
            verified_at=to_ms(row["seen_at"]),
            decided_at=to_ms(row["decided_at"]),
            queued_at=None if row["queued_at"] is None else to_ms(row["queued_at"]),
            sending_at=_sending_at(row, attempts[row["id"]]),
            accepted_at=min((each.at for each in attempts[row["id"]] if each.outcome == "delivered"), default=None),
            attempts=tuple(attempts[row["id"]]),
        )
        for row in rows
    ]


def _sending_at(row: asyncpg.Record, attempts: Sequence[Attempt]) -> int | None:
    taken: datetime | None = row["sending_at"]
    went_out = row["state"] == "sending" or any(each.channel != NO_CHANNEL for each in attempts)
    return to_ms(taken) if taken is not None and went_out else None

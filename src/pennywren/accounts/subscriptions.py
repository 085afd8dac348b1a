"""Subscriptions: who wants to know what. PostgreSQL is their truth; the watch index is derived from it.

Every function that serves a person takes that person's id and looks at nothing else: what belongs to
somebody else is not found. They take a connection, so that the caller decides what stands and falls together.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

import asyncpg

from pennywren.errors import BadInput, Conflict, NotFound, PlanLimit
from pennywren.model.money import MAX_PRICE, MIN_PRICE
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.postgres.moments import to_moment, to_ms
from pennywren.postgres.pool import Connection

_MAX_ID: Final = 2**63 - 1
_COLUMNS: Final = (
    "id, person_id, product_id, offer, threshold, currency, notification_type, state, created_at, armed_at, "
    "last_alert_at, last_alert_price"
)


class NotificationType(StrEnum):
    """How a person wants to be told."""

    EMAIL = "EMAIL"
    SMS = "SMS"
    PUSH = "PUSH"
    WEBHOOK = "WEBHOOK"
    PREFERRED = "PREFERRED"
    """As the person's preferences say, with fallback."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person asks for. `threshold` is in minor units of `currency`."""

    product: ProductID
    offer: Offer
    threshold: int
    currency: str
    notification_type: NotificationType


@dataclass(frozen=True, slots=True)
class Subscription:
    """One subscription. Times are ms UTC, prices minor units."""

    id: int
    person_id: int
    product: ProductID
    offer: Offer
    threshold: int
    currency: str
    notification_type: NotificationType
    state: Literal["active", "paused"]
    created_at: int
    armed_at: int
    """Changes that were seen before this moment pass the watch by."""
    last_alert_at: int | None
    last_alert_price: int | None


def checked_threshold(threshold: int) -> int:
    """`threshold` if it can be one.

    Raises:
        BadInput: outside 1 to 10^10 minor units.
    """
    if not MIN_PRICE <= threshold <= MAX_PRICE:
        raise BadInput(f"The threshold must be {MIN_PRICE} to {MAX_PRICE}, in minor units: 1299 means 12.99.")
    return threshold


_ADDRESSES: Final = """
select exists (select from phones where person_id = $1 and verified_at is not null) as sms,
       exists (select from push_subscriptions where person_id = $1) as push,
       exists (select from webhooks where person_id = $1 and ended_at is null) as webhook
"""
_HOW_TO_ADD: Final = {
    NotificationType.SMS: "verify a phone number at /account/phones first",
    NotificationType.PUSH: "let a browser show notifications at /account/push-subscriptions first",
    NotificationType.WEBHOOK: "add one at /account/webhooks first",
}


async def require_channel(connection: Connection, person_id: int, wanted: NotificationType) -> None:
    """See that the person can be reached over a channel.

    Raises:
        BadInput: they cannot; says what to do about it.
    """
    how = _HOW_TO_ADD.get(wanted)
    if how is None:
        return
    row = await connection.fetchrow(_ADDRESSES, person_id)
    if row is None or not row[wanted.value.lower()]:
        raise BadInput(f"{wanted} has no address of yours: {how}, or choose EMAIL.")


async def create(
    connection: Connection, person_id: int, wish: Wish, *, limits: dict[str, int], armed_at: int
) -> Subscription:
    """Add a subscription; the product must be in the catalogue.

    `limits` says how many a person may hold by plan; `armed_at` is ms UTC by the clock that stamps changes.

    Raises:
        BadInput: threshold or channel cannot be used.
        PlanLimit: the person holds as many as the plan allows.
        Conflict: the person watches this price this way already; names the subscription.
    """
    await require_channel(connection, person_id, wish.notification_type)
    checked_threshold(wish.threshold)
    # The person's row is locked, so that two requests at once cannot both take the last place.
    plan = await connection.fetchval("select plan from people where id = $1 for update", person_id)
    if plan is None:
        raise NotFound("This account is gone.")
    same = (person_id, str(wish.product), str(wish.offer), str(wish.notification_type))
    existing = await connection.fetchrow(
        "select id, threshold from subscriptions "
        "where person_id = $1 and product_id = $2 and offer = $3 and notification_type = $4",
        *same,
    )
    if existing is not None:
        raise Conflict(
            f"You watch the {wish.offer} price of {wish.product} already, as subscription {existing['id']} "
            f"with threshold {existing['threshold']}: change that one instead."
        )
    held = await connection.fetchval("select count(*) from subscriptions where person_id = $1", person_id)
    if held >= limits[plan]:
        raise PlanLimit(
            f"You hold {held} subscriptions, and the {plan} plan allows {limits[plan]}: "
            "delete one you no longer need, or move to a larger plan."
        )
    row = await connection.fetchrow(
        f"""
        insert into subscriptions (person_id, product_id, offer, notification_type, threshold, currency, armed_at)
        values ($1, $2, $3, $4, $5, $6, $7) returning {_COLUMNS}
        """,  # noqa: S608 -- a constant of ours
        *same,
        wish.threshold,
        wish.currency,
        to_moment(armed_at),
    )
    assert row is not None  # an insert returns its row or raises
    return _subscription(row)


async def list_of(connection: Connection, person_id: int, *, after: int = 0, limit: int = 100) -> list[Subscription]:
    """The person's subscriptions with ids above `after`, by id, at most `limit`."""
    rows = await connection.fetch(
        f"select {_COLUMNS} from subscriptions where person_id = $1 and id > $2 order by id limit $3",  # noqa: S608
        person_id,
        min(max(after, 0), _MAX_ID),
        limit,
    )
    return [_subscription(row) for row in rows]


async def get(connection: Connection, person_id: int, subscription_id: int) -> Subscription:
    """One of the person's subscriptions.

    Raises:
        NotFound: the person has none of this id.
    """
    row = None
    if 0 < subscription_id <= _MAX_ID:
        row = await connection.fetchrow(
            f"select {_COLUMNS} from subscriptions where person_id = $1 and id = $2",  # noqa: S608
            person_id,
            subscription_id,
        )
    return _found(row)


async def change_threshold(
    connection: Connection, person_id: int, subscription_id: int, threshold: int, *, armed_at: int
) -> Subscription:
    """Set another threshold, which arms the watch anew: what was seen before `armed_at` (ms UTC) passes it by.

    The cooldown of the old threshold's last alert ends with it.

    Raises:
        BadInput: not a threshold.
        NotFound: the person has none of this id.
    """
    checked_threshold(threshold)
    row = None
    if 0 < subscription_id <= _MAX_ID:
        row = await connection.fetchrow(
            f"""
            update subscriptions
            set threshold = $3, armed_at = $4, last_alert_at = null, last_alert_price = null
            where person_id = $1 and id = $2 returning {_COLUMNS}
            """,  # noqa: S608
            person_id,
            subscription_id,
            threshold,
            to_moment(armed_at),
        )
    return _found(row)


async def delete(connection: Connection, person_id: int, subscription_id: int) -> Subscription:
    """Delete one of the person's subscriptions, with its alerts; answers what it was.

    Raises:
        NotFound: the person has none of this id.
    """
    row = None
    if 0 < subscription_id <= _MAX_ID:
        row = await connection.fetchrow(
            f"delete from subscriptions where person_id = $1 and id = $2 returning {_COLUMNS}",  # noqa: S608
            person_id,
            subscription_id,
        )
    return _found(row)


async def delete_by_link(connection: Connection, subscription_id: int) -> Subscription | None:
    """Delete the subscription that a signed link names; None if it is gone already, so that a second tap is fine."""
    row = await connection.fetchrow(
        f"delete from subscriptions where id = $1 returning {_COLUMNS}",  # noqa: S608
        subscription_id,
    )
    return None if row is None else _subscription(row)


async def product_of_link(connection: Connection, subscription_id: int) -> ProductID | None:
    """Which product the subscription of a signed link watches; None if it is gone."""
    found = await connection.fetchval("select product_id from subscriptions where id = $1", subscription_id)
    return None if found is None else ProductID.parse(found)


def _found(row: asyncpg.Record | None) -> Subscription:
    if row is None:
        raise NotFound("You have no subscription of this id.")
    return _subscription(row)


def _subscription(row: asyncpg.Record) -> Subscription:
    last_alert_at = row["last_alert_at"]
    return Subscription(
        id=row["id"],
        person_id=row["person_id"],
        product=ProductID.parse(row["product_id"]),
        offer=Offer(row["offer"]),
        threshold=row["threshold"],
        currency=row["currency"],
        notification_type=NotificationType(row["notification_type"]),
        state=row["state"],
        created_at=to_ms(row["created_at"]),
        armed_at=to_ms(row["armed_at"]),
        last_alert_at=None if last_alert_at is None else to_ms(last_alert_at),
        last_alert_price=row["last_alert_price"],
    )

"""Subscriptions: who wants to know what. PostgreSQL is their truth; the watch index is derived from it.

Every function that serves a person takes that person's id and looks at nothing else: what belongs to
somebody else is not found. They take a connection, so that the caller decides what stands and falls together.
"""

from datetime import datetime
from typing import Final

import asyncpg
import msgspec

from pennywren.accounts.subscription import (
    NotificationType,
    State,
    Subscription,
    Wish,
    checked_rule,
    checked_threshold,
    conflict_with,
    next_look,
    notice_of,
)
from pennywren.errors import BadInput, Conflict, NotFound, PlanLimit
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.rule import Place, PriceAtOrBelow, Rule, WatchSet, kind_of, place, set_of
from pennywren.postgres.moments import to_moment, to_ms
from pennywren.postgres.pool import Connection

__all__ = [
    "NotificationType",
    "Subscription",
    "Wish",
    "checked_threshold",
    "create",
    "delete",
    "delete_by_link",
    "due_for_a_look",
    "get",
    "get_by_link",
    "get_to_change",
    "list_of",
    "look_again",
    "product_of_link",
    "require_channel",
    "save",
]

_MAX_ID: Final = 2**63 - 1
_COLUMNS: Final = (
    "id, person_id, product_id, offer, threshold, currency, notification_type, state, created_at, armed_at, "
    "last_alert_at, last_alert_price, rule, base_price, rearm_after, once, expires_at, notice_at, snoozed_until"
)
_RULES: Final = msgspec.json.Decoder(Rule)
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

_CREATE: Final = f"""
with same as (
    select {_COLUMNS} from subscriptions
    where person_id = $1 and product_id = $2 and offer = $3 and notification_type = $4 and kind = $5
), counted as (
    select count(*) as held from subscriptions where person_id = $1
), free as (
    select from counted where held < $6 and not exists (select from same)
), product as (
    -- One that is there is left alone: whoever wrote to it would have all others wait who watch it at the same time.
    insert into products (id) select $2 from free on conflict (id) do nothing
), made as (
    insert into subscriptions (person_id, product_id, offer, notification_type, kind, rule, watch_set, threshold,
                               measure, base_price, currency, armed_at, rearm_after, once, expires_at, notice_at)
    select $1, $2, $3, $4, $5, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17 from free returning {_COLUMNS}
), found as (
    select true as is_new, * from made union all select false, * from same
)
select * from counted left join found on true
"""  # noqa: S608 -- a constant of ours
"""Adds a subscription, unless the person has that one or as many as they may: the row of either, or none."""

_WAKE: Final = """
update alerts set next_attempt_at = now() where subscription_id = $1 and state = 'held' and held_for = 'snoozed'
"""
"""What was held while a watch slept is looked at again when it wakes."""


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
    """Add a subscription, and its product to the catalogue.

    `limits` says how many a person may hold by plan; `armed_at` is ms UTC by the clock that stamps changes.

    Raises:
        BadInput: threshold or channel cannot be used.
        PlanLimit: the person holds as many as the plan allows.
        Conflict: the person watches this price this way already; names the subscription.
    """
    await require_channel(connection, person_id, wish.notification_type)
    checked_rule(wish.rule, wish.currency, wish.base_price)
    # The person's row is locked, so that two requests at once cannot both take the last place. In a statement of its
    # own: one that waits for a lock goes on to see what there was when it began.
    plan = await connection.fetchval("select plan from people where id = $1 for no key update", person_id)
    if plan is None:
        raise NotFound("This account is gone.")
    row = await connection.fetchrow(
        _CREATE,
        person_id,
        str(wish.product),
        str(wish.offer),
        str(wish.notification_type),
        kind_of(wish.rule),
        limits[plan],
        _rule_json(wish.rule),
        set_of(wish.rule).value,
        *_placed(place(wish.rule, wish.base_price)),
        wish.base_price,
        wish.currency,
        to_moment(armed_at),
        wish.rearm_after,
        wish.once,
        _moment(wish.expires_at),
        _moment(notice_of(wish.expires_at, armed_at)),
    )
    assert row is not None  # it counts, so there is a row
    if row["id"] is None:
        raise PlanLimit(
            f"You hold {row['held']} subscriptions, and the {plan} plan allows {limits[plan]}: "
            "delete one you no longer need, or move to a larger plan."
        )
    if not row["is_new"]:
        raise conflict_with(_subscription(row))
    made = _subscription(row)
    look = next_look(made, armed_at)
    if look is not None:
        await look_again(connection, made.id, look)
    return made


async def list_of(
    connection: Connection, person_id: int, *, product: ProductID | None = None, after: int = 0, limit: int = 100
) -> list[Subscription]:
    """The person's subscriptions, or those to one product, with ids above `after`, by id, at most `limit`."""
    rows = await connection.fetch(
        f"""
        select {_COLUMNS} from subscriptions
        where person_id = $1 and id > $2 and ($4::text is null or product_id = $4) order by id limit $3
        """,  # noqa: S608
        person_id,
        min(max(after, 0), _MAX_ID),
        limit,
        None if product is None else str(product),
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


async def get_to_change(connection: Connection, person_id: int, subscription_id: int) -> Subscription:
    """One of the person's subscriptions, which nobody else changes until the transaction ends.

    Raises:
        NotFound: the person has none of this id.
    """
    await connection.execute(
        "select from subscriptions where person_id = $1 and id = $2 for update",
        person_id,
        min(max(subscription_id, 0), _MAX_ID),
    )
    return await get(connection, person_id, subscription_id)


async def get_by_link(connection: Connection, subscription_id: int) -> Subscription | None:
    """The subscription that a signed link names, or a job looks at; locked like `get_to_change`. None if it is gone."""
    row = await connection.fetchrow(
        f"select {_COLUMNS} from subscriptions where id = $1 for update",  # noqa: S608
        subscription_id,
    )
    return None if row is None else _subscription(row)


async def save(connection: Connection, changed: Subscription, now: int) -> None:
    """Write what a person may change of a subscription that was read with a lock, and when to look at it again.

    Raises:
        Conflict: another one of this person is of the kind that this one has become; names it.
    """
    at = changed.place
    try:
        # In a transaction of its own inside the caller's, which goes on after the conflict.
        async with connection.transaction():
            await connection.execute(
                """
                update subscriptions set kind = $2, rule = $3, watch_set = $4, threshold = $5, measure = $6,
                    base_price = $7, state = $8, armed_at = $9, last_alert_at = $10, last_alert_price = $11,
                    rearm_after = $12, once = $13, expires_at = $14, notice_at = $15, snoozed_until = $16,
                    look_again_at = $17, notification_type = $18
                where id = $1
                """,
                changed.id,
                kind_of(changed.rule),
                _rule_json(changed.rule),
                set_of(changed.rule).value,
                *_placed(at),
                changed.base_price,
                changed.state.value,
                to_moment(changed.armed_at),
                _moment(changed.last_alert_at),
                changed.last_alert_price,
                changed.rearm_after,
                changed.once,
                _moment(changed.expires_at),
                _moment(changed.notice_at),
                _moment(changed.snoozed_until),
                _moment(next_look(changed, now)),
                changed.notification_type.value,
            )
    except asyncpg.UniqueViolationError as error:
        raise await _conflict_of_kind(connection, changed) from error
    if changed.snoozed_until is None:
        await connection.execute(_WAKE, changed.id)


async def look_again(connection: Connection, subscription_id: int, at: int | None) -> None:
    """Set when a job looks at a subscription again (ms UTC); None: never."""
    await connection.execute("update subscriptions set look_again_at = $2 where id = $1", subscription_id, _moment(at))


async def due_for_a_look(connection: Connection, now: int, limit: int) -> list[int]:
    """Subscriptions that are to be looked at again by `now` (ms UTC), those that have waited longest first."""
    rows = await connection.fetch(
        "select id from subscriptions where look_again_at <= $1 order by look_again_at, id limit $2",
        to_moment(now),
        limit,
    )
    return [row["id"] for row in rows]


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


async def _conflict_of_kind(connection: Connection, of: Subscription) -> Conflict:
    row = await connection.fetchrow(
        f"select {_COLUMNS} from subscriptions where person_id = $1 and product_id = $2 and offer = $3 "  # noqa: S608
        "and notification_type = $4 and kind = $5",
        of.person_id,
        str(of.product),
        of.offer.value,
        of.notification_type.value,
        kind_of(of.rule),
    )
    return Conflict() if row is None else conflict_with(_subscription(row))


def _placed(at: Place | None) -> tuple[int | None, int | None]:
    """The columns `threshold` and `measure`: one of them holds the place."""
    if at is None:
        return None, None
    return (at.at, None) if at.set in (WatchSet.FALL, WatchSet.RISE) else (None, at.at)


def _rule_json(rule: Rule) -> str | None:
    """As it is kept: a plain threshold is all that its column says."""
    return None if isinstance(rule, PriceAtOrBelow) else msgspec.json.encode(rule).decode()


def _moment(ms: int | None) -> datetime | None:
    return None if ms is None else to_moment(ms)


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else to_ms(moment)


def _found(row: asyncpg.Record | None) -> Subscription:
    if row is None:
        raise NotFound("You have no subscription of this id.")
    return _subscription(row)


def _subscription(row: asyncpg.Record) -> Subscription:
    rule = row["rule"]
    return Subscription(
        id=row["id"],
        person_id=row["person_id"],
        product=ProductID.parse(row["product_id"]),
        offer=Offer(row["offer"]),
        rule=PriceAtOrBelow(row["threshold"]) if rule is None else _RULES.decode(rule),
        currency=row["currency"],
        notification_type=NotificationType(row["notification_type"]),
        state=State(row["state"]),
        created_at=to_ms(row["created_at"]),
        armed_at=to_ms(row["armed_at"]),
        last_alert_at=_ms(row["last_alert_at"]),
        last_alert_price=row["last_alert_price"],
        base_price=row["base_price"],
        rearm_after=row["rearm_after"],
        once=row["once"],
        expires_at=_ms(row["expires_at"]),
        notice_at=_ms(row["notice_at"]),
        snoozed_until=_ms(row["snoozed_until"]),
    )

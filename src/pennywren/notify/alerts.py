"""Deciding alerts: one row for each subscription that is told about one change, decided once however often it is asked.

The watch index says whom a change may concern; PostgreSQL, which owns the subscriptions, decides. A subscription is
told about a change if it is active, if the change still crosses its threshold, and if it was armed before the change.
Within the cooldown after an alert only a price below that alert's is told.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import asyncpg

from pennywren.model.change import PriceChange
from pennywren.model.observation import Source
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.postgres.pool import Connection

CREATED: Final = "created"
"""The change id of the alert that says, at creation, that the target is already met. One that is met when it is
changed has the moment behind it: `created/1764067200000`."""

UNDECIDABLE: Final = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError)
"""What a change raises that can never be decided, whatever is tried."""

Concerned = tuple[PriceChange, Sequence[int]]
"""A change, and the subscriptions that it may concern."""

# Changes of one product in the order in which they happened: `seen_at > last_alert_at` keeps a change that comes
# again, after later ones were decided, from being decided anew. Thresholds are compared in one currency only.
_DECIDE: Final = """
with changes as (
    select n, change_id, product_id, offer, old_price, new_price, currency,
           timestamptz 'epoch' + at * interval '1 millisecond' as seen_at
    from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::text[], $7::bigint[])
         with ordinality as c (change_id, product_id, offer, old_price, new_price, currency, at, n)
), due as (
    select s.id as subscription_id, c.*
    from unnest($8::integer[], $9::bigint[]) as concerned (n, subscription_id)
    join changes c on c.n = concerned.n
    join subscriptions s on s.id = concerned.subscription_id and s.product_id = c.product_id and s.offer = c.offer
    where s.state = 'active'
      and s.currency = c.currency
      and s.threshold >= c.new_price
      and (c.old_price is null or s.threshold < c.old_price)
      and date_trunc('milliseconds', s.armed_at) <= c.seen_at
      and (s.last_alert_at is null
           or c.seen_at > s.last_alert_at
              and (c.seen_at >= s.last_alert_at + $10::interval or c.new_price < s.last_alert_price))
    order by s.id
    for update of s
), inserted as (
    insert into alerts (subscription_id, change_id, product_id, offer, old_price, new_price, currency, seen_at)
    select subscription_id, change_id, product_id, offer, old_price, new_price, currency, seen_at from due
    on conflict (subscription_id, change_id) do nothing
    returning id, subscription_id, new_price, seen_at
), told as (
    update subscriptions s set last_alert_at = i.seen_at, last_alert_price = i.new_price
    from inserted i where s.id = i.subscription_id
)
select id from inserted order by id
"""

_DECIDE_CREATED: Final = """
with due as (
    select id, timestamptz 'epoch' + $6::bigint * interval '1 millisecond' as seen_at
    from subscriptions
    where id = $1 and product_id = $2 and offer = $3 and state = 'active' and currency = $5 and threshold >= $4
      and last_alert_at is null -- else a change was told between the creation and this look
    for update
), inserted as (
    insert into alerts (subscription_id, change_id, product_id, offer, old_price, new_price, currency, seen_at)
    select id, $7, $2, $3, null, $4, $5, seen_at from due
    on conflict (subscription_id, change_id) do nothing
    returning id, subscription_id, new_price, seen_at
), told as (
    update subscriptions s set last_alert_at = greatest(i.seen_at, s.armed_at), last_alert_price = i.new_price
    from inserted i where s.id = i.subscription_id
)
select id from inserted
"""


def may_alert(change: PriceChange) -> bool:
    """Whether anybody may be told of this change: it ends in a price, and a crawl of ours saw it."""
    return change.new is not None and change.source == Source.CRAWL


async def decide(connection: Connection, concerned: Sequence[Concerned], cooldown: timedelta) -> list[int]:
    """Decide who is told about which change; the ids of the alerts that are new.

    Runs inside the caller's transaction, and locks the subscriptions until it ends. Changes of one product must be
    in the order in which they happened. Deciding again what was decided before does nothing.
    """
    alert_ids: list[int] = []
    for together in _rounds([one for one in concerned if may_alert(one[0])]):
        changes = [change for change, _ in together]
        pairs = [(n, subscription) for n, (_, ids) in enumerate(together, start=1) for subscription in ids]
        rows = await connection.fetch(
            _DECIDE,
            [change.change_id for change in changes],
            [str(change.product) for change in changes],
            [change.offer.value for change in changes],
            [change.old for change in changes],
            [change.new for change in changes],
            [change.currency for change in changes],
            [change.at for change in changes],
            [n for n, _ in pairs],
            [subscription for _, subscription in pairs],
            cooldown,
        )
        alert_ids += [row["id"] for row in rows]
    return alert_ids


async def decide_created(
    connection: Connection,
    subscription_id: int,
    product: ProductID,
    offer: Offer,
    price: int,
    currency: str,
    seen_at_ms: int,
    change_id: str = CREATED,
) -> int | None:
    """Decide the alert of a subscription whose new target is already met by `price`, seen at `seen_at_ms`.

    Runs inside the caller's transaction. The new alert's id; None if the price does not meet the target, or if an alert
    was decided before: this one, or that of a change since the watch was armed. Its cooldown begins now.
    """
    return await connection.fetchval(
        _DECIDE_CREATED, subscription_id, str(product), offer.value, price, currency, seen_at_ms, change_id
    )


def _rounds(concerned: Sequence[Concerned]) -> list[list[Concerned]]:
    """Split so that no round has two changes of one offer: the second must see what the first one decided."""
    rounds: list[list[Concerned]] = []
    times: defaultdict[tuple[ProductID, Offer], int] = defaultdict(int)
    for one in concerned:
        change = one[0]
        nth = times[change.product, change.offer]
        times[change.product, change.offer] += 1
        if nth == len(rounds):
            rounds.append([])
        rounds[nth].append(one)
    return rounds

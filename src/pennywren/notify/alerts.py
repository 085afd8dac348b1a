"""Deciding alerts: one row for each subscription that is told about one change, decided once however often it is asked.

The watch index says whom a change may concern; PostgreSQL, which owns the subscriptions, decides: whether the change
still crosses the watch's place (`model.rule`), and whether the watch is told of it (`notify.telling`, here in SQL). Of
a watch that is not told the reason is kept.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import asyncpg

from pennywren.model.change import PriceChange
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.rule import crossed
from pennywren.notify.telling import NEW_LOW_SHARE, is_verified
from pennywren.postgres.moments import to_moment
from pennywren.postgres.pool import Connection

CREATED: Final = "created"
"""The change id of the alert that says, at creation, that the target is already met. One that is met when it is
changed has the moment behind it: `created/1764067200000`."""

UNDECIDABLE: Final = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError)
"""What a change raises that can never be decided, whatever is tried."""

Concerned = tuple[PriceChange, Sequence[int]]
"""A change, and the subscriptions that it may concern."""


@dataclass(slots=True)
class Decided:
    """What was decided."""

    alert_ids: list[int] = field(default_factory=list[int])
    """The alerts that are new."""
    changes: dict[int, str] = field(default_factory=dict[int, str])
    """The ids of the changes that these alerts are about, by alert."""
    look_again: list[int] = field(default_factory=list[int])
    """Subscriptions whose watch moves or ends with their alert."""

    def add(self, other: "Decided") -> None:
        """Take in what was decided elsewhere."""
        self.alert_ids += other.alert_ids
        self.changes |= other.changes
        self.look_again += other.look_again


# Changes of one product in the order in which they happened: a change that comes again, after later ones were told,
# is not decided anew. That of the last alert is its own replay, which is no news and no decision. The rule of the
# reasons is that of `telling.withheld`.
_DECIDE: Final = f"""
with changes as (
    select n, change_id, product_id, offer, old_price, new_price, currency,
           timestamptz 'epoch' + at * interval '1 millisecond' as seen_at, new_low, lowest_for_days, verified
    from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::text[], $7::bigint[],
                $8::boolean[], $9::integer[], $10::boolean[]) with ordinality
         as c (change_id, product_id, offer, old_price, new_price, currency, at, new_low, lowest_for_days, verified, n)
), crossed as (
    select * from unnest($11::integer[], $12::text[], $13::bigint[], $14::bigint[]) as r (n, watch_set, low, high)
), matched as (
    select s.id as subscription_id, s.person_id, c.*, s.base_price, case
        when not c.verified then 'unverified'
        when s.watch_set <> 'stock' and s.currency <> c.currency then 'otherCurrency'
        when c.seen_at = s.last_alert_at then 'told'
        when c.seen_at < s.last_alert_at then case when exists (
            select from alerts a
            where a.subscription_id = s.id and a.person_id = s.person_id and a.change_id = c.change_id
        ) then 'told' else 'outOfTurn' end
        when c.seen_at < date_trunc('milliseconds', s.armed_at) then 'beforeArmed'
        when s.state = 'ended' then 'ended'
        when s.state = 'expired' or c.seen_at >= s.expires_at then 'expired'
        when s.state = 'paused' then 'paused'
        when c.seen_at < s.snoozed_until then 'snoozed'
        when c.seen_at < s.last_alert_at + coalesce(s.rearm_after * interval '1 second', $17::interval)
             and case s.watch_set
                 when 'watch' then not coalesce(c.new_price < s.last_alert_price, false)
                 when 'lows' then not coalesce(
                     c.new_price * {NEW_LOW_SHARE[1]} <= s.last_alert_price * {NEW_LOW_SHARE[0]}, false)
                 else true end
        then 'coolingDown'
    end as reason
    from unnest($15::integer[], $16::bigint[]) as concerned (n, subscription_id)
    join changes c on c.n = concerned.n
    join subscriptions s on s.id = concerned.subscription_id and s.product_id = c.product_id and s.offer = c.offer
    join crossed r on r.n = c.n and r.watch_set = s.watch_set and s.place between r.low and r.high
    order by s.id
    for update of s
), inserted as (
    insert into alerts (subscription_id, person_id, change_id, product_id, offer, old_price, new_price, currency,
                        seen_at, base_price, new_low, lowest_for_days, to_crowd)
    select subscription_id, person_id, change_id, product_id, offer, old_price, new_price, currency, seen_at,
           base_price, new_low, lowest_for_days, $18
    from matched where reason is null
    on conflict (subscription_id, change_id, person_id) do nothing
    returning id, subscription_id, person_id, change_id, new_price, seen_at
), told as (
    update subscriptions s
    set last_alert_at = i.seen_at, last_alert_price = i.new_price,
        state = case when s.once then 'ended' else s.state end,
        look_again_at = case when s.once or s.base_price is not null then now() else s.look_again_at end
    from inserted i where s.id = i.subscription_id and s.person_id = i.person_id
    returning s.id, s.once or s.base_price is not null as look_again
), remembered as (
    insert into decisions (subscription_id, person_id, change_id, reason, decided_at)
    select subscription_id, person_id, change_id, reason, now() from matched where reason <> 'told'
    on conflict do nothing
)
select id as alert_id, change_id, null::bigint as look_again from inserted
union all
select null, null, id from told where look_again
"""  # noqa: S608 -- constants of ours

_DECIDE_CREATED: Final = """
with due as (
    select id, person_id, timestamptz 'epoch' + $6::bigint * interval '1 millisecond' as seen_at
    from subscriptions
    where id = $1 and product_id = $2 and offer = $3 and state = 'active' and currency = $5
      and case watch_set when 'watch' then place >= $4 when 'rise' then place <= $4 else false end
      and last_alert_at is null -- else a change was told between the creation and this look
    for update
), inserted as (
    insert into alerts (subscription_id, person_id, change_id, product_id, offer, old_price, new_price, currency,
                        seen_at, about)
    select id, person_id, $7, $2, $3, null, $4, $5, seen_at, 'created' from due
    on conflict (subscription_id, change_id, person_id) do nothing
    returning id, subscription_id, person_id, new_price, seen_at
), told as (
    update subscriptions s
    set last_alert_at = greatest(i.seen_at, s.armed_at), last_alert_price = i.new_price,
        state = case when s.once then 'ended' else s.state end,
        look_again_at = case when s.once or s.base_price is not null then now() else s.look_again_at end
    from inserted i where s.id = i.subscription_id and s.person_id = i.person_id
)
select id from inserted
"""

_DECIDE_EXPIRY: Final = """
insert into alerts (subscription_id, person_id, change_id, product_id, offer, old_price, new_price, currency, seen_at,
                    about)
select id, person_id, $2, product_id, offer, null, $3, currency, $4, 'expiry' from subscriptions where id = $1
on conflict (subscription_id, change_id, person_id) do nothing
returning id
"""


async def decide(
    connection: Connection, concerned: Sequence[Concerned], cooldown: timedelta, *, to_crowd: bool = False
) -> Decided:
    """Decide who is told about which change, and keep why the others are not.

    Runs inside the caller's transaction, and locks the subscriptions until it ends. Changes of one product must be
    in the order in which they happened. Deciding again what was decided before does nothing. `cooldown` is for watches
    without one of their own. Alerts `to_crowd` are sent after all others.
    """
    decided = Decided()
    for together in _rounds(concerned):
        changes = [change for change, _ in together]
        pairs = [(n, subscription) for n, (_, ids) in enumerate(together, start=1) for subscription in ids]
        ranges = [(n, each) for n, change in enumerate(changes, start=1) for each in crossed(change)]
        rows = await connection.fetch(
            _DECIDE,
            [change.change_id for change in changes],
            [str(change.product) for change in changes],
            [change.offer.value for change in changes],
            [change.old for change in changes],
            [change.new for change in changes],
            [change.currency for change in changes],
            [change.at for change in changes],
            [change.new_low for change in changes],
            [change.lowest_for_days for change in changes],
            [is_verified(change) for change in changes],
            [n for n, _ in ranges],
            [each.set.value for _, each in ranges],
            [each.low for _, each in ranges],
            [each.high for _, each in ranges],
            [n for n, _ in pairs],
            [subscription for _, subscription in pairs],
            cooldown,
            to_crowd,
        )
        # Not joined in SQL: of what a statement has just written PostgreSQL knows no numbers: it compares all with all.
        about = {row["alert_id"]: row["change_id"] for row in rows if row["alert_id"] is not None}
        decided.add(Decided(sorted(about), about))
        decided.look_again += [row["look_again"] for row in rows if row["look_again"] is not None]
    return decided


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


async def decide_expiry(
    connection: Connection, subscription_id: int, expires_at: int, price: int | None, now: int
) -> int | None:
    """Decide that somebody is told, once, that their watch ends at `expires_at`; `price` is what it costs at `now`.

    The new alert's id; None if that was decided before. Times are ms UTC.
    """
    return await connection.fetchval(_DECIDE_EXPIRY, subscription_id, expiry_id(expires_at), price, to_moment(now))


def expiry_id(expires_at: int | None) -> str:
    """What stands for a change in the alert that a watch ends at `expires_at` (ms UTC)."""
    return f"expiry/{expires_at}"


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

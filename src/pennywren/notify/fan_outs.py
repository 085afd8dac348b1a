"""Changes that concern more people than one step should decide: rows with a cursor, worked off in pages."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from pennywren.model.change import ChangeKind, PriceChange
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.rule import crossed
from pennywren.notify import alerts
from pennywren.notify.alerts import Decided
from pennywren.postgres.pool import Connection, affected

_OPEN: Final = """
insert into fan_outs (change_id, change)
select * from unnest($1::text[], $2::jsonb[])
on conflict (change_id) do nothing
"""

_OPEN_PRODUCTS: Final = """
select distinct change->>'product' as product, change->>'offer' as offer
from fan_outs where done_at is null and change->>'product' = any($1::text[])
"""

# A random one, so that a short fan-out does not wait for a long one; of one offer the oldest, to keep the order.
_NEXT: Final = """
select change_id, change, cursor from fan_outs f
where done_at is null and not exists (
    select from fan_outs older
    where older.done_at is null
      and older.change->>'product' = f.change->>'product' and older.change->>'offer' = f.change->>'offer'
      and (older.change->'at')::bigint < (f.change->'at')::bigint
)
order by random() limit 1
for update skip locked
"""

_PAGE: Final = """
select s.id from subscriptions s
where s.product_id = $1 and s.offer = $2 and s.id > $3 and exists (
    select from unnest($4::text[], $5::bigint[], $6::bigint[]) as r (watch_set, low, high)
    where r.watch_set = s.watch_set and s.place between r.low and r.high
)
order by s.id limit $7
"""

_MOVE: Final = """
update fan_outs set cursor = $2, done_at = case when $3 then now() end where change_id = $1
"""


@dataclass(frozen=True, slots=True)
class Page:
    """What one page decided."""

    decided: Decided
    is_last: bool


async def open_fan_outs(connection: Connection, changes: Sequence[PriceChange]) -> None:
    """Put changes on the list; those that were ever there stay as they are, done or not."""
    await connection.execute(_OPEN, [change.change_id for change in changes], [_to_json(change) for change in changes])


async def fanning_out(connection: Connection, products: Sequence[ProductID]) -> set[tuple[ProductID, Offer]]:
    """The offers of `products` that have a fan-out still open."""
    rows = await connection.fetch(_OPEN_PRODUCTS, [str(product) for product in products])
    return {(ProductID.parse(row["product"]), Offer(row["offer"])) for row in rows}


async def any_open(connection: Connection, older_than: timedelta) -> bool:
    """Whether a fan-out is open that was put on the list longer ago than that."""
    return await connection.fetchval(
        "select exists (select from fan_outs where done_at is null and created_at < now() - $1::interval)", older_than
    )


async def decide_page(connection: Connection, cooldown: timedelta, size: int) -> Page | None:
    """Decide the next page of an open fan-out and move its cursor; None if there is none that nobody works on.

    Runs inside the caller's transaction, so that a page is decided and passed at once or not at all.
    """
    row = await connection.fetchrow(_NEXT)
    if row is None:
        return None
    change = _from_json(row["change"])
    ranges = crossed(change)
    found = await connection.fetch(
        _PAGE,
        str(change.product),
        change.offer.value,
        row["cursor"],
        [each.set.value for each in ranges],
        [each.low for each in ranges],
        [each.high for each in ranges],
        size,
    )
    ids = [each["id"] for each in found]
    decided = await alerts.decide(connection, [(change, ids)], cooldown, to_crowd=True) if ids else Decided()
    is_last = len(ids) < size
    await connection.execute(_MOVE, row["change_id"], ids[-1] if ids else row["cursor"], is_last)
    return Page(decided, is_last)


async def purge(connection: Connection, kept: timedelta) -> int:
    """Forget fan-outs that were done longer ago; how many."""
    return affected(await connection.execute("delete from fan_outs where done_at < now() - $1::interval", kept))


def _to_json(change: PriceChange) -> str:
    return json.dumps(
        {
            "product": str(change.product),
            "offer": change.offer.value,
            "kind": change.kind.value,
            "old": change.old,
            "new": change.new,
            "currency": change.currency,
            "at": change.at,
            "version": change.version,
            "newLow": change.new_low,
            "lowestForDays": change.lowest_for_days,
            "source": change.source,
        }
    )


def _from_json(text: str) -> PriceChange:
    fields: dict[str, Any] = json.loads(text)
    return PriceChange(
        product=ProductID.parse(fields["product"]),
        offer=Offer(fields["offer"]),
        kind=ChangeKind(fields["kind"]),
        old=fields["old"],
        new=fields["new"],
        currency=fields["currency"],
        at=fields["at"],
        version=fields["version"],
        new_low=fields["newLow"],
        lowest_for_days=fields["lowestForDays"],
        source=fields["source"],
    )

"""People, subscriptions and price changes for the tests of alerts."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pennywren.match import index
from pennywren.match.index import Watch
from pennywren.model.change import ChangeKind, PriceChange
from pennywren.model.observation import Look, Source
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.notify import alerts
from pennywren.postgres.moments import to_moment
from pennywren.postgres.pool import Pool, transaction
from pennywren.record.recording import LookToRecord, Recorder
from pennywren.store.store import Store

PRODUCT = ProductID.parse("us:B08N5WRWNW")
OTHER = ProductID.parse("us:B000000002")
HOUR = timedelta(hours=1)
T0 = 1_764_000_000_000
"""When everything begins; subscriptions are armed at this moment."""


@dataclass(frozen=True, slots=True)
class World:
    """What the tests set up."""

    pool: Pool
    store: Store

    async def subscribe(
        self, threshold: int, product: ProductID = PRODUCT, *, armed_at: int = T0, kind: str = "EMAIL", **columns: Any
    ) -> int:
        """A new person with one subscription that is in the index; the subscription's id."""
        ids = await self.subscribe_many([threshold], product, armed_at=armed_at, kind=kind)
        for name, value in columns.items():
            await self.pool.execute(f"update subscriptions set {name} = $2 where id = $1", ids[0], value)
        return ids[0]

    async def subscribe_many(
        self, thresholds: list[int], product: ProductID = PRODUCT, *, armed_at: int = T0, kind: str = "EMAIL"
    ) -> list[int]:
        """New people with a subscription each."""
        await self.pool.execute(
            "insert into products (id, title) values ($1, 'A kettle') on conflict do nothing", str(product)
        )
        rows = await self.pool.fetch(
            """
            with made as (
                insert into people (email)
                select 'person-' || n + (select count(*) from people) || '@example.org'
                from generate_series(1, $1) n returning id
            ), numbered as (select id, row_number() over (order by id) as n from made)
            insert into subscriptions (person_id, product_id, offer, threshold, currency, notification_type, armed_at)
            select numbered.id, $2, 'buybox', ($3::bigint[])[n], 'USD', $4, $5 from numbered order by n returning id
            """,
            len(thresholds),
            str(product),
            thresholds,
            kind,
            to_moment(armed_at),
        )
        ids = sorted(row["id"] for row in rows)
        await index.add(
            self.store.client,
            *(Watch(id_, product, Offer.BUYBOX, each) for id_, each in zip(ids, thresholds, strict=True)),
        )
        return ids

    async def see(self, price: int | None, at: int, product: ProductID = PRODUCT) -> None:
        """A crawl of ours saw a price; the recorder says what follows."""
        look = Look(product, "USD", {Offer.BUYBOX: price}, at, Source.CRAWL)
        await Recorder(self.store, gap_after=10**9).record([LookToRecord(look)])

    async def decide(
        self, change: PriceChange, *subscription_ids: int, cooldown: timedelta = timedelta(hours=6)
    ) -> list[int]:
        """Decide about one change in a transaction of its own."""
        async with transaction(self.pool) as connection:
            return (await alerts.decide(connection, [(change, subscription_ids)], cooldown)).alert_ids

    async def alerts(self) -> list[dict[str, Any]]:
        """All alerts, oldest first."""
        return [dict(row) for row in await self.pool.fetch("select * from alerts order by id")]

    async def attempts(self) -> list[tuple[str, str | None]]:
        """Outcome and reason of every attempt to deliver."""
        rows = await self.pool.fetch("select outcome, reason from deliveries order by id")
        return [(row["outcome"], row["reason"]) for row in rows]


def change(
    old: int | None, new: int | None, at: int = T0, product: ProductID = PRODUCT, *, source: str = "crawl"
) -> PriceChange:
    """A change of the buybox price at `at` ms."""
    return PriceChange(product, Offer.BUYBOX, ChangeKind.PRICE, old, new, "USD", at, 1, source=source)

"""The watches of one person as a list shows them: sorted, a page of them, each with how it stands."""

import asyncio
from dataclasses import dataclass
from typing import Final, Literal, get_args

from markupsafe import Markup

from pennywren.accounts import subscriptions
from pennywren.accounts.subscription import State, Subscription
from pennywren.history.spark import spark
from pennywren.model.clock import DAY
from pennywren.model.product import ProductID
from pennywren.model.rule import WatchSet
from pennywren.model.series import OfferState
from pennywren.notify import outcomes
from pennywren.notify.outcomes import Outcome
from pennywren.postgres import catalogue
from pennywren.postgres.pool import Pool, transaction
from pennywren.store.store import Store

PAGE: Final = 50
SPARK_SPAN: Final = 90 * DAY
_BATCH: Final = 500
_AT_ONCE: Final = 10

Sort = Literal["added", "distance", "name", "told"]
SORTS: Final[dict[str, Sort]] = {each: each for each in get_args(Sort)}
Show = Literal["all", "active", "paused", "over"]
SHOWS: Final[dict[str, Show]] = {each: each for each in get_args(Show)}
_SHOWN: Final[dict[str, tuple[State, ...]]] = {
    "active": (State.ACTIVE,),
    "paused": (State.PAUSED,),
    "over": (State.ENDED, State.EXPIRED),
}


@dataclass(frozen=True, slots=True)
class WatchRow:
    """One watch, and how its price stands."""

    watch: Subscription
    title: str | None
    offer: OfferState | None
    outcome: Outcome | None = None
    spark: Markup | None = None

    @property
    def distance(self) -> int | None:
        """Minor units between the price now and the target; 0 or less: it is met. None without price or target."""
        at, price = self.watch.place, self.offer.price if self.offer else None
        if at is None or price is None or at.set not in (WatchSet.FALL, WatchSet.RISE):
            return None
        return price - at.at if at.set is WatchSet.FALL else at.at - price

    @property
    def percent(self) -> int | None:
        """The distance in percent of the price now, rounded up."""
        if self.distance is None or self.offer is None or not self.offer.price:
            return None
        return -(-self.distance * 100 // self.offer.price)


@dataclass(frozen=True, slots=True)
class WatchPage:
    """A page of watches."""

    rows: list[WatchRow]
    number: int
    pages: int
    held: int
    """How many the person holds, whatever is shown of them."""
    found: int
    """How many of them are shown, over all pages."""


async def held_by(pool: Pool, person_id: int) -> list[Subscription]:
    """All watches of a person, by id.

    Raises:
        Unavailable: the database is not reachable.
    """
    held: list[Subscription] = []
    async with transaction(pool) as connection:
        while page := await subscriptions.list_of(
            connection, person_id, after=held[-1].id if held else 0, limit=_BATCH
        ):
            held += page
    return held


async def watch_page(
    pool: Pool, store: Store, person_id: int, *, sort: Sort, show: Show, number: int, now: int
) -> WatchPage:
    """The `number`th page (from 1) of a person's watches; the last one where there are not so many. `now` is ms UTC.

    Raises:
        Unavailable: a part does not answer.
    """
    held = await held_by(pool, person_id)
    shown = [each for each in held if show == "all" or each.state in _SHOWN[show]]
    titles = await catalogue.titles(pool, {each.product for each in shown})
    rows = await _with_prices(store, shown, titles)
    rows = _sorted(rows, sort)
    pages = max(-(-len(rows) // PAGE), 1)
    number = min(max(number, 1), pages)
    part = rows[(number - 1) * PAGE : number * PAGE]
    async with transaction(pool) as connection:
        last = await outcomes.last_of(connection, [row.watch.id for row in part])
    sparks = await _sparks(store, part, now)
    full = [
        WatchRow(row.watch, row.title, row.offer, last.get(row.watch.id), line)
        for row, line in zip(part, sparks, strict=True)
    ]
    return WatchPage(full, number, pages, len(held), len(rows))


async def row_of(pool: Pool, store: Store, watch: Subscription) -> WatchRow:
    """One watch with its title and its price.

    Raises:
        Unavailable: a part does not answer.
    """
    titles = await catalogue.titles(pool, [watch.product])
    [row] = await _with_prices(store, [watch], titles)
    return row


async def _with_prices(store: Store, watches: list[Subscription], titles: dict[ProductID, str]) -> list[WatchRow]:
    states = await store.products([each.product for each in watches])
    return [
        WatchRow(
            each,
            titles.get(each.product),
            state.offers.get(each.offer) if state and state.currency == each.currency else None,
        )
        for each, state in zip(watches, states, strict=True)
    ]


def _sorted(rows: list[WatchRow], sort: Sort) -> list[WatchRow]:
    newest = sorted(rows, key=lambda row: -row.watch.id)
    match sort:
        case "added":
            return newest
        case "distance":
            return sorted(newest, key=lambda row: (row.percent is None, row.percent or 0))
        case "name":
            return sorted(newest, key=lambda row: (row.title is None, (row.title or str(row.watch.product)).casefold()))
        case "told":
            return sorted(newest, key=lambda row: -(row.watch.last_alert_at or 0))


async def _sparks(store: Store, rows: list[WatchRow], now: int) -> list[Markup | None]:
    room = asyncio.Semaphore(_AT_ONCE)

    async def draw(row: WatchRow) -> Markup | None:
        end = max(now, row.offer.last_seen + 1) if row.offer else now
        if row.offer is None or row.offer.first is None or end - row.offer.first < DAY:
            return None
        start = max(row.offer.first, end - SPARK_SPAN)
        async with room:
            steps = await store.steps(row.watch.product, row.watch.offer, start, end)
        line = spark(steps, start, end)
        return None if line is None else Markup(line)  # noqa: S704 -- made of numbers

    return await asyncio.gather(*(draw(row) for row in rows))

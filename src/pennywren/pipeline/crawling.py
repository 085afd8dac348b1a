"""Crawling with one egress: a token, a lease, a polite fetch, a careful reading, and what follows from it."""

import asyncio
import logging
import random
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Protocol

from redis.exceptions import RedisError

from pennywren import keyspace, tracing
from pennywren.errors import PennywrenError, Unavailable, VersionMoved
from pennywren.frontier.due import Bounds
from pennywren.frontier.finishing import give_back
from pennywren.frontier.score import firm
from pennywren.model.change import change_id
from pennywren.model.clock import SECOND, WEEK, Clock, system_clock
from pennywren.model.product import ProductID
from pennywren.observe import egress
from pennywren.observe.egress import Refusal, Token, pause_of
from pennywren.observe.fetch import Fetcher
from pennywren.observe.hosts import Hosts
from pennywren.observe.outcome import Outcome, meaning, meaning_without_page
from pennywren.observe.page.reading import PageReading
from pennywren.observe.robots import Rules
from pennywren.pipeline.cataloguing import CatalogueWriter
from pennywren.pipeline.choosing import AFTER_FAULT, Chooser, Visit
from pennywren.pipeline.concluding import Conclusions, tell_crawled
from pennywren.pipeline.discovering import Discoverer
from pennywren.pipeline.drifting import count_page, keep_page
from pennywren.pipeline.outlook import Outlook
from pennywren.pipeline.stage_times import STAGE_TIME
from pennywren.pipeline.visiting import fetch_robots
from pennywren.pipeline.visiting import give_back as give_token_back
from pennywren.postgres.catalogue import CatalogueEntry
from pennywren.record.recording import LookResult, Recorder
from pennywren.record.tiering import let_cool, move_to_tier
from pennywren.setting_values import Egress
from pennywren.settings import Settings
from pennywren.store.counters import Counter, count, observe
from pennywren.store.knowing import Known
from pennywren.store.round_trip import RoundTrip
from pennywren.store.store import Store

_log = logging.getLogger(__name__)

CRAWLS: Final = Counter(
    "pennywren_crawls_total", "Requests for a product's page, by what came of them.", ("marketplace", "outcome")
)
_SEND_WITHIN_S: Final = 8.0
"""A worker that was stopped with a token in its hand must not send long after: another may hold one by then."""
_NAP_S: Final = 1.0
_LOOK_AROUND_S: Final = 2.0
_POPULATION_EVERY_S: Final = 60.0


class Reader(Protocol):
    """Reads pages (`observe.child.PageParser` does it in a child that can be killed)."""

    async def read(self, html: bytes, marketplace: str) -> PageReading:
        """What the page shows; `unreadable` where it took too long or too much memory."""
        ...


@dataclass(frozen=True, slots=True)
class Step:
    """What one step did."""

    worked: bool
    """Whether a request left."""
    wait_s: float = 0.0
    """How long to wait before the next step is worth while."""


class Crawler:
    """Keeps one egress busy."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        recorder: Recorder,
        catalogue: CatalogueWriter | None,
        reader: Reader,
        through: Egress,
        *,
        clock: Clock = system_clock,
        dice: random.Random | None = None,
        fetcher: Fetcher | None = None,
        discoverer: Discoverer | None = None,
        outlook: Outlook | None = None,
    ) -> None:
        """Make it inside the event loop that runs it. `fetcher` is one with the bounds of production if not given.

        The crawlers of one process share an `outlook`.
        """
        self._settings = settings
        self._store = store
        self._client = store.client
        self._catalogue = catalogue
        self._reader = reader
        self._discoverer = discoverer
        self._through = through
        self._clock = clock
        self._hosts = Hosts.of(settings)
        self._outlook = outlook or Outlook(store.client, settings)
        self._robots = self._outlook.robots
        self._fetcher = fetcher or Fetcher(through, settings.user_agent)
        self._conclusions = Conclusions(
            store, recorder, settings.recrawl_after, egress=through.name, alone=len(settings.egresses) == 1
        )
        dice = dice or random.Random()  # noqa: S311 -- whose turn it is, and no secret
        self._chooser = Chooser(
            store.client,
            self._conclusions,
            self._outlook.threshold,
            clock,
            dice,
            settings.floor_percent / 100,
            lease_ms=settings.crawl_lease * SECOND,
        )
        self._marketplaces: dict[str, list[str]] = {}
        self._stopping = asyncio.Event()
        self._requests = 0
        self._visits: dict[str, Visit] = {}
        self._settled: set[str] = set()
        """Hosts to which a request was answered, and the token given back."""

    async def close(self) -> None:
        """Write what is left for the catalogue, and close the connections to shops."""
        if self._catalogue is not None:
            await self._catalogue.flush(self._clock())
        await self._fetcher.close()

    def stop(self) -> None:
        """End `run_for` now: what is under way is cut off, and given back for others."""
        self._stopping.set()

    async def run_for(self, seconds: float) -> int:
        """Crawl all marketplaces side by side for a while; how many requests left. Ends early if there is nothing."""
        deadline = time.monotonic() + seconds
        before = self._requests
        loops: dict[str, asyncio.Task[None]] = {}
        counted_at = 0.0
        async with asyncio.TaskGroup() as group:
            while (left := deadline - time.monotonic()) > 0 and not self._stopping.is_set():
                # A little sooner than our own next look, so that it is never the one before.
                self._marketplaces = await self._outlook.marketplaces(_LOOK_AROUND_S / 2)
                if not self._marketplaces and not loops:
                    break
                if time.monotonic() - counted_at > _POPULATION_EVERY_S:
                    counted_at = time.monotonic()
                    await self._set_bounds()
                for host in self._marketplaces.keys() - loops.keys():
                    loops[host] = group.create_task(self._keep_busy(host, deadline))
                with suppress(TimeoutError):
                    async with asyncio.timeout(min(_LOOK_AROUND_S, left)):
                        await self._stopping.wait()
            if self._stopping.is_set():
                for loop in loops.values():
                    loop.cancel()
        return self._requests - before

    async def look_around(self) -> list[str]:
        """Find out which marketplaces have products; the hosts to crawl them at."""
        self._marketplaces = await self._outlook.marketplaces()
        return list(self._marketplaces)

    async def step(self, host: str) -> Step:
        """Send at most one request to a host, and do everything that follows from it."""
        self._conclusions.planner.threshold = await self._outlook.refreshed(self._clock())
        granted = await egress.take(self._client, self._through.name, host)
        if isinstance(granted, Refusal):
            return Step(False, min(granted.wait_ms / SECOND, _NAP_S))
        try:
            step = await self._use(granted)
        except asyncio.CancelledError:
            await self._let_go(granted, again_in=0)
            raise
        except (PennywrenError, RedisError, OSError):
            await self._let_go(granted, again_in=AFTER_FAULT)
            raise
        finally:
            self._visits.pop(host, None)
            self._settled.discard(host)
        self._requests += step.worked
        return step

    async def _use(self, token: Token) -> Step:
        taken_at = time.monotonic()
        rules = await self._robots.rules(token.host, self._clock())
        if rules is None and await self._robots.begin(token.host):
            return await self._fetch_robots(token)
        marketplaces = self._marketplaces.get(token.host, [])
        visit = await self._chooser.next(token.host, marketplaces) if rules is not None and rules.reachable else None
        if rules is None or visit is None or not await self._may_visit(visit, rules, taken_at):
            await egress.done(self._client, token, "unused")
            return Step(False, _NAP_S if visit is None else 0.0)
        self._visits[token.host] = visit
        next_at = await self._visit(visit, token, rules)
        return Step(True, max(next_at - time.monotonic(), 0.0))

    async def _let_go(self, token: Token, *, again_in: int) -> None:
        """We are being stopped, or a part failed: nobody shall have to wait until the token and the lease run out.

        The product is due again in `again_in` ms.
        """
        visit = self._visits.get(token.host)
        try:
            if token.host not in self._settled:
                await egress.done(self._client, token, "unused" if visit is None else "failed")
            if visit is not None:
                # Its turn had come: whatever else is due comes after it.
                await give_back(self._client, visit.lease, firm(visit.now + again_in))
        except (Unavailable, RedisError, OSError) as error:
            # They run out by themselves; why we let go must not be forgotten over it.
            _log.info("%s leaves its token and its lease to run out: %s", self._through.name, error)

    async def _keep_busy(self, host: str, deadline: float) -> None:
        # Libraries have lost cancellations, so that it alone does not end this loop.
        while time.monotonic() < deadline and not self._stopping.is_set():
            try:
                step = await self.step(host)
                if self._catalogue is not None:
                    await self._catalogue.flush_if_old(self._clock())
            except (Unavailable, RedisError, OSError) as error:
                _log.warning("%s waits: %s", self._through.name, error)
                step = Step(False, _NAP_S)
            if self._stopping.is_set():
                break
            # Also after work, and where nothing is to be waited for: no loop of ours runs without letting others.
            await asyncio.sleep(min(step.wait_s, max(deadline - time.monotonic(), 0.0)))

    async def _set_bounds(self) -> None:
        believed = await self._outlook.priors(_POPULATION_EVERY_S / 2)
        self._conclusions.planner.learn(Bounds(self._settings.recrawl_after), believed)

    async def _fetch_robots(self, token: Token) -> Step:
        marketplace = self._marketplaces[token.host][0]
        await fetch_robots(self._client, self._robots, self._fetcher, self._hosts.robots(marketplace), token)
        return Step(True)

    async def _may_visit(self, visit: Visit, rules: Rules, taken_at: float) -> bool:
        """Whether the request may leave; if not, the product goes back."""
        allowed = rules.allows(self._hosts.page(visit.lease.product), self._settings.user_agent)
        if allowed and time.monotonic() - taken_at < _SEND_WITHIN_S:
            return True
        again = visit.now if allowed else visit.now + WEEK
        await give_back(self._client, visit.lease, firm(again))
        return False

    async def _visit(self, visit: Visit, token: Token, rules: Rules) -> float:
        """Fetch a page and draw the conclusions; when the next request may leave, by the monotonic clock."""
        product, began_at = visit.lease.product, time.monotonic()
        fetched = await self._fetcher.get(self._hosts.page(product), packed=True)
        answered_at = time.monotonic()
        reading: PageReading | None = None
        seen = meaning_without_page(fetched)
        if seen is None:
            reading = await self._reader.read(fetched.body, product.marketplace)
            seen = meaning(product, reading)
        trip = RoundTrip(self._client)
        ours = int((time.monotonic() - answered_at) * 1000)
        pause = rules.pause_ms(self._settings.user_agent)
        settled = give_token_back(trip, token, fetched, seen, pause_ms=pause, answered_ms_ago=ours)
        count(trip, CRAWLS, product.marketplace, seen.outcome)
        observe(trip, STAGE_TIME, answered_at - began_at, "fetch")
        if reading is not None:
            observe(trip, STAGE_TIME, ours / 1000, "read")
        reported = trip.command("EXISTS", keyspace.hearsay(product))
        kept: int | None = None
        if reading is not None and seen.outcome is not Outcome.UNREACHABLE:
            kept = count_page(trip, product, reading, visit.now)
        replies = await trip.send()
        self._settled.add(token.host)
        next_at = time.monotonic() + pause_of(replies[settled])
        tell_crawled(product, fetched, seen, reading)
        if reading is not None and kept is not None and replies[kept]:
            await keep_page(self._client, product, reading, fetched.body, visit.now)
        if reading is not None and seen.outcome is Outcome.PRODUCT:
            await self._conclude(visit, reading, reported=bool(replies[reported]))
        else:
            retired = await self._conclusions.not_seen(visit.lease, visit.known, seen, visit.now)
            if retired and self._catalogue is not None:
                await self._catalogue.retire(product, self._clock())
        return next_at

    async def _conclude(self, visit: Visit, reading: PageReading, *, reported: bool) -> None:
        """Everything that follows from a page that shows the product."""
        product, read_at = visit.lease.product, self._clock()
        if visit.known.state is None and self._catalogue is not None:
            # Somebody may wait with its page open: the first price brings the title and the picture along.
            await self._catalogue.add(CatalogueEntry(product, reading.title, reading.image), self._clock())
            await self._catalogue.flush(self._clock())
        result = await self._conclusions.seen(visit.lease, visit.known, reading, visit.now, reported=reported)
        if result is not None:
            if tracing.is_on():
                _trace(visit, reading, result, read_at, self._clock())
            await self._chart(product, visit.known, result.changes)
            if visit.known.state is not None and visit.known.state.tier != "cold" and not visit.known.watchers:
                await let_cool(self._store, product, visit.now)
        if result is not None and self._catalogue is not None:
            entry = CatalogueEntry(product, reading.title, reading.image, result.at)
            await self._catalogue.add(entry, self._clock())
        if self._discoverer is not None:
            linked = [ProductID(product.marketplace, asin) for asin in reading.linked]
            await self._discoverer.offer(linked, "link")

    async def _chart(self, product: ProductID, known: Known, changes: int) -> None:
        """Give a history that has become long its compactions; what is packed stays so for longer."""
        if known.state is None or known.state.tier == "charted":
            return
        packed = known.state.tier == "cold"
        if changes < self._settings.charted_after or (packed and changes <= self._settings.cold_up_to):
            return
        try:
            await move_to_tier(self._store, product, "charted")
        except VersionMoved:
            _log.info("%s was recorded while it was to be charted: it is at its next look", product)


def _trace(visit: Visit, reading: PageReading, result: LookResult, read_at: int, recorded_at: int) -> None:
    """Tell the first two steps of each change that a look brought; times in ms UTC."""
    for offer, outcome in result.outcomes.items():
        if outcome.is_change:
            shown = reading.offers.get(offer)
            change = change_id(visit.lease.product, offer, result.at, None if shown is None else shown.price)
            tracing.span("crawl", change, visit.now, read_at, lane=visit.lease.lane)
            tracing.span("record", change, read_at, recorded_at, outcome=outcome.name.lower())

"""What follows from a crawl: a verdict, what is learned, what is recorded, and when the product is due again."""

import logging
import time
from collections.abc import Mapping, Sequence
from typing import Final

from redis.exceptions import RedisError

from pennywren import keyspace
from pennywren.errors import Unavailable
from pennywren.events import emit
from pennywren.frontier import due as due_times
from pennywren.frontier import hints
from pennywren.frontier.admission import admit
from pennywren.frontier.claiming import Lease
from pennywren.frontier.due import Bounds
from pennywren.frontier.finishing import give_back
from pennywren.frontier.planning import Planner, Subject
from pennywren.frontier.rate import mean_rate
from pennywren.frontier.score import firm, is_floor, time_of
from pennywren.frontier.value import faded_view
from pennywren.model.clock import DAY, SECOND
from pennywren.model.money import format_money
from pennywren.model.observation import Look
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.provenance import Ground, Provenance
from pennywren.observe.fetch import Fetched
from pennywren.observe.outcome import Meaning, Outcome
from pennywren.observe.page.reading import PageReading
from pennywren.pipeline.doubting import Doubting
from pennywren.pipeline.proving import confirm, said_before
from pennywren.pipeline.stage_times import STAGE_TIME
from pennywren.pipeline.teaching import teach
from pennywren.record.recording import LookResult, LookToRecord, Recorder
from pennywren.record.recording import Outcome as Recorded
from pennywren.store import knowing
from pennywren.store.counters import Counter, count, observe
from pennywren.store.knowing import Known
from pennywren.store.round_trip import RoundTrip
from pennywren.store.state import ProductState
from pennywren.store.store import Store
from pennywren.store.swaps import NOTHING, Kept, read_all
from pennywren.trust.doubts import DOUBT
from pennywren.trust.hearsay import Hearsay
from pennywren.trust.judge import (
    Judgement,
    Kind,
    Reason,
    Waiting,
    is_first_of_two,
    judge,
    second_look_by,
)
from pennywren.trust.memory import read_said
from pennywren.trust.waiting import read_waiting, write_waiting

_log = logging.getLogger(__name__)

DOUBTED: Final = Counter(
    "pennywren_doubted_prices_total",
    "Prices of crawls that were not believed at once, by what was decided over them and why.",
    ("verdict", "reason"),
)
_GONE: Final = "gone"
_FAILING: Final = "failing"
"""Fields of the product's held hash beside the prices that wait: since when (ms) the page is gone, or failing."""
_FORGET_TROUBLE_S: Final = 90 * 86_400


def subject_of(
    product: ProductID, state: ProductState | None, watchers: int, far: int = 0, views: float = 0.0
) -> Subject:
    """A product as the frontier sees it; `far` of its `watchers` wait for less than half the price."""
    if state is None:
        return Subject(product.marketplace, None, watchers, far, None, None, views)
    return Subject(product.marketplace, price_of(state), watchers, far, state.rate, state.last_seen or None, views)


def _subject(product: ProductID, known: Known, now: int) -> Subject:
    views = 0.0 if known.viewed_at is None else faded_view((now - known.viewed_at) / SECOND)
    return subject_of(product, known.state, known.watchers, known.far, views)


def price_of(state: ProductState) -> int | None:
    """The price by which a product is classed: the first that is known of its offers."""
    known = (state.offers[offer].last_price for offer in Offer if offer in state.offers)
    return next((price for price in known if price is not None), None)


def look_of(product: ProductID, reading: PageReading) -> Look | None:
    """What a page showed as a look: the offers in the currency of the buy box; None where it shows none."""
    buybox = reading.offers.get(Offer.BUYBOX)
    if buybox is None:
        return None
    prices = {
        offer: shown.price
        for offer in Offer
        if (shown := reading.offers.get(offer)) is not None and shown.currency == buybox.currency
    }
    return Look(product, buybox.currency, prices)


class Conclusions:
    """Draws them, for one worker."""

    def __init__(
        self, store: Store, recorder: Recorder, recrawl_after: int, *, egress: str = "", alone: bool = True
    ) -> None:
        """`recrawl_after` in seconds; `egress` is the worker's, `alone` if there is no other one."""
        self._store = store
        self._client = store.client
        self._recorder = recorder
        self._egress = "" if alone else egress
        self._doubting = Doubting(store, egress, alone=alone)
        self.planner = Planner(Bounds(recrawl_after))

    async def known(self, product: ProductID) -> Known:
        """Read what is known of a product."""
        trip = RoundTrip(self._client)
        asked = knowing.ask(trip, product)
        return knowing.read_known(product, (await trip.send())[asked])

    def too_soon(self, lease: Lease, known: Known, now: int) -> int | None:
        """The score with which a product goes back that was looked at just now; None if it may be crawled."""
        if lease.lane not in {"due", "floor"} or known.held:
            return None
        return self.planner.too_soon(_subject(lease.product, known, now), now)

    def better_later(self, lease: Lease, known: Known, now: int) -> int | None:
        """The score with which a product goes back that is not worth it yet by today's threshold; None if it is."""
        if lease.lane == "urgent" or known.held:
            return None
        subject = _subject(lease.product, known, now)
        return self.planner.better_later(subject, lease.due, now, on_floor=lease.lane == "floor")

    async def seen(
        self, lease: Lease, known: Known, reading: PageReading, now: int, *, reported: bool = True
    ) -> LookResult | None:
        """A page showed the product: judge it, learn from it, record it. None where nothing was recorded.

        `reported` is False where it is known that nobody said anything of the product.
        """
        look = look_of(lease.product, reading)
        if look is None:
            await self.not_seen(lease, known, Meaning(Outcome.UNREADABLE, "no_buybox"), now)
            return None
        waiting = read_waiting(known.held)
        judgement = judge(look, known.state, waiting, now, self._egress)
        accepted = judgement.of_kind(Kind.ACCEPTED)
        again = second_look_by(look, judgement, waiting, now)
        result: LookResult | None = None
        said = await self._said(look.product) if reported else NOTHING
        trip = RoundTrip(self._client)
        self._tell_doubts(trip, look, judgement)
        asked = trip.command("EXISTS", keyspace.hearsay(look.product))
        if accepted:
            believed = Look(look.product, look.currency, {offer: look.prices[offer] for offer in accepted})
            provenance = _provenance(believed, judgement, waiting, known, read_said(said), now)
            result = await self._record(believed, lease, known, reading.availability, now, provenance, again, trip)
        else:
            soon = due_times.after_trouble(int(known.held.get(_FAILING, now)), now)
            await give_back(self._client, lease, _no_later(firm(soon), again))
        self._forget(trip, look, judgement, known)
        spoken = bool((await trip.send())[asked])
        await self._remember(look, judgement, waiting, now)
        if result is not None:
            await self._confirm(look, known, result, now)
        await self._doubting.looked(look, known.state, known.held, waiting, result, now)
        if result is not None and spoken:
            await self._teach(look, known, result, said, now)
        return result

    async def not_seen(self, lease: Lease, known: Known, meaning: Meaning, now: int) -> bool:
        """There was no page, or none that says what we ask: try again later, and later each time.

        Whether the product has been gone for so long that it counts as retired.
        """
        field = _GONE if meaning.outcome is Outcome.GONE else _FAILING
        since = int(known.held.get(field, now))
        again = due_times.after_gone(since, now) if field == _GONE else due_times.after_trouble(since, now)
        if not await give_back(self._client, lease, firm(again)):
            return False
        key = keyspace.held(lease.product)
        async with self._client.pipeline(transaction=False) as pipe:
            pipe.hsetnx(key, field, now)
            pipe.expire(key, _FORGET_TROUBLE_S)
            await pipe.execute()
        return field == _GONE and due_times.has_left(since, now)

    async def _record(
        self,
        look: Look,
        lease: Lease,
        known: Known,
        availability: str,
        now: int,
        provenance: Provenance | None,
        again: int | None,
        trip: RoundTrip,
    ) -> LookResult:
        """Record a look; what follows for others is queued. `again` is when (ms) the rest of the page must be seen."""
        plan = self.planner.after_look(_subject(lease.product, known, now), now)
        due_if_same, due_if_changed = _no_later(plan.due_if_same, again), _no_later(plan.due_if_changed, again)
        to_record = LookToRecord(
            look,
            due_if_same=due_if_same,
            due_if_changed=due_if_changed,
            rate_if_same=plan.rate_if_same,
            rate_if_changed=plan.rate_if_changed,
            lease=lease.ends,
            availability=availability,
            provenance=provenance,
        )
        began_at = time.monotonic()
        written = await self._recorder.write([to_record])
        observe(trip, STAGE_TIME, time.monotonic() - began_at, "record")
        written.tell(trip)
        (result,) = written.results
        has_moved = result.changes > (known.state.changes if known.state is not None else 0)
        if Recorded.LEASE_LOST not in result.outcomes.values():
            hints.point(trip, look.product, due_if_changed if has_moved else due_if_same)
        self._tell(look, known.state, result)
        return result

    async def _confirm(self, look: Look, known: Known, result: LookResult, now: int) -> None:
        """Where only reporters had seen what is believed, the proof says that a crawl has, too."""
        for offer, outcome in result.outcomes.items():
            if outcome is Recorded.VERIFIED and known.state is not None and offer in known.state.offers:
                await confirm(self._client, look.product, offer, known.state.offers[offer].since, now)

    async def _said(self, product: ProductID) -> Kept:
        """What reporters have said of a product."""
        (kept,) = await read_all(self._store.raw, [keyspace.hearsay(product)])
        return kept

    async def _teach(self, look: Look, known: Known, result: LookResult, said: Kept, now: int) -> None:
        """Settle what reporters said of the offers that were recorded. What waits for a second look is not settled."""
        seen = {offer: look.prices[offer] for offer, outcome in result.outcomes.items() if outcome.written}
        rate = mean_rate(self.planner.interest(_subject(look.product, known, now)).chances)
        try:
            await teach(self._store, look.product, seen, now, rate * DAY / SECOND, said=said)
        except (Unavailable, RedisError, OSError) as error:
            _log.warning("what was said of %s is not settled by this crawl: %s", look.product, error)

    def _forget(self, trip: RoundTrip, look: Look, judgement: Judgement, known: Known) -> None:
        """Queue that what is settled waits no more."""
        held = judgement.of_kind(Kind.HELD)
        settled = [field for field in known.held if field not in held and not field.endswith(DOUBT)]
        if settled:
            trip.command("HDEL", keyspace.held(look.product), *settled)

    async def _remember(self, look: Look, judgement: Judgement, waiting: dict[Offer, Waiting], now: int) -> None:
        """Keep what must be seen twice, and ask for the second look, once."""
        key = keyspace.held(look.product)
        held = judgement.of_kind(Kind.HELD)
        if not held:
            return
        async with self._client.pipeline(transaction=False) as pipe:
            for offer in held:
                price, first = look.prices[offer] or 0, waiting.get(offer)
                if first is None or not is_first_of_two(first, price, now):
                    pipe.hset(key, offer.value, write_waiting(price, now, self._egress))
            pipe.expire(key, _FORGET_TROUBLE_S)
            await pipe.execute()
        if any(offer not in waiting for offer in held):
            await admit(self._client, look.product, None, urgent=True)

    def _tell(self, look: Look, before: ProductState | None, result: LookResult) -> None:
        for offer, outcome in result.outcomes.items():
            shown = _shown(look.prices[offer], look.currency)
            if not outcome.written:
                _log.info("%s %s was not recorded: %s", look.product, offer, outcome.name.lower())
                continue
            emit("recorded", look.product, offer, shown)
            known = before.offers.get(offer) if before is not None else None
            has_changed = outcome.is_change and outcome not in (Recorded.FIRST, Recorded.VERIFIED)
            if known is not None and has_changed:
                emit("changed", look.product, offer, shown, f"(was {_shown(known.price, look.currency, unit=False)})")

    def _tell_doubts(self, trip: RoundTrip, look: Look, judgement: Judgement) -> None:
        """Log and count what is not believed at once, and count what was seen a second time."""
        for offer, verdict in judgement.verdicts.items():
            if verdict.kind is not Kind.ACCEPTED or verdict.reason is Reason.SEEN_TWICE:
                count(trip, DOUBTED, verdict.kind, verdict.reason)
            if verdict.kind is not Kind.ACCEPTED:
                shown = _shown(look.prices[offer], look.currency)
                _log.warning("%s %s %s is %s: %s", look.product, offer, shown, verdict.kind, verdict.reason)


def _no_later(score: int, again: int | None) -> int:
    """The score of what must be seen `again` at the latest (ms), and firmly; as it is where nothing must."""
    if again is None:
        return score
    return firm(again if is_floor(score) else min(time_of(score), again))


def _provenance(
    look: Look,
    judgement: Judgement,
    waiting: dict[Offer, Waiting],
    known: Known,
    said: Mapping[Offer, Hearsay],
    now: int,
) -> Provenance | None:
    """What the proof says of what changes; None where one crawl is all there is to say."""
    offers = known.state.offers if known.state is not None else {}
    changing = [o for o, price in look.prices.items() if o not in offers or offers[o].price != price]
    return _seen_twice(changing, judgement, waiting) or said_before(said, look, changing, now)


def _seen_twice(
    changing: Sequence[Offer], judgement: Judgement, waiting: dict[Offer, Waiting]
) -> Provenance | None:  # fmt: skip
    """What the proof says where all that changes was seen twice."""
    if not changing or any(judgement.verdicts[offer].reason is not Reason.SEEN_TWICE for offer in changing):
        return None
    return Provenance(Ground.CRAWLED_TWICE, first_at=min(waiting[offer].at for offer in changing))


def tell_crawled(product: ProductID, fetched: Fetched, seen: Meaning, reading: PageReading | None) -> None:
    """Write the event line of a crawl."""
    status = fetched.status or fetched.trouble
    buybox = reading.offers.get(Offer.BUYBOX) if reading is not None else None
    if seen.outcome is not Outcome.PRODUCT or buybox is None:
        emit("crawled", product, status, seen.outcome, seen.reason)
        return
    price = _shown(buybox.price, buybox.currency)
    emit("crawled", product, status, price, seen.reason)


def _shown(price: int | None, currency: str, *, unit: bool = True) -> str:
    if price is None:
        return "no offer"
    text = format_money(price, currency)
    return text if unit else text.rpartition(" ")[0]

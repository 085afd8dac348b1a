"""From the rows of one product to its history: what `record.lua` and `rewrite.lua` had made of the same. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from pennywren.archive.events import SNAPSHOT, Event
from pennywren.archive.files import Restored
from pennywren.model.change import ChangeKind
from pennywren.model.offer import Offer
from pennywren.model.provenance import sample_field
from pennywren.model.series import State
from pennywren.store.snapshots import OfferPast, Snapshot, decode

_CRAWL = "crawl"
_NEVER = "-"
"""What a crawl saw last, where none ever looked."""


@dataclass(slots=True)
class _Offer:
    """One offer, while its rows are gone through."""

    prices: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    states: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    last_seen: int = 0
    crawled: str | None = None

    @property
    def price(self) -> int | None:
        return self.prices[-1][1] if self.prices else None

    @property
    def state(self) -> State | None:
        """What is known now; None where nothing ever was."""
        if self.states and self.states[-1][1] != State.NOT_OBSERVED:
            return State(self.states[-1][1])
        return State.OFFERED if self.prices else None


def replay(rows: Iterable[Event], until: int, restored: Sequence[Restored] = ()) -> Snapshot | None:
    """One product as it was at `until` (ms); None where nothing was recorded of it by then.

    Looks that only confirmed are in no row: so each offer was last seen at its last change, and the version, which
    every look moves, is that of the newest row.
    """
    every = sorted(rows, key=lambda row: (row.ms, row.seq))
    known = [row for row in every if row.ms <= until and not _is_void(row, restored, until)]
    if not known:
        return None
    base, offers, proofs = None, dict[Offer, _Offer](), dict[str, str]()
    included, newest = 0, 0
    for row in known:
        if row.kind != SNAPSHOT:
            if row.version < newest:
                included = 0  # a Redis that began anew, without anything being restored
            newest = row.version
        if row.snapshot is not None:
            base, offers, proofs = _begin(decode(row.snapshot))
            included = base.version
        elif row.version > included and row.kind != ChangeKind.REWRITE:
            of = offers.setdefault(Offer(row.offer), _Offer())
            _apply(of, row)
            if row.proof is not None:
                proofs[sample_field(Offer(row.offer), row.at)] = row.proof
    pasts = {offer: past for offer, of in offers.items() if (past := _until(of, until)) is not None}
    if not pasts:
        return None
    return Snapshot(
        version=max(row.version for row in every),
        currency=base.currency if base is not None else known[0].currency,
        rate=None if base is None else base.rate,
        availability=None if base is None else base.availability,
        proofs=proofs,
        offers=pasts,
    )


def _begin(base: Snapshot) -> tuple[Snapshot, dict[Offer, _Offer], dict[str, str]]:
    offers = {
        offer: _Offer(list(past.prices), list(past.states), past.last_seen, past.crawled)
        for offer, past in base.offers.items()
    }
    return base, offers, dict(base.proofs)


def _is_void(row: Event, restored: Sequence[Restored], until: int) -> bool:
    """Whether the row tells of what a restoration took back."""
    return any(each.at < row.ms <= each.when <= until for each in restored)


def _apply(of: _Offer, row: Event) -> None:
    """Do what record.lua did when it announced this row."""
    before, at = of.state, row.at
    seen = State.NO_OFFER if row.new is None else State.OFFERED
    if row.kind == ChangeKind.STATE:
        if row.unseen_from is not None:
            of.states.append((row.unseen_from, State.NOT_OBSERVED))
        of.states.append((at, seen))
    else:
        _mark_crawled(of, row, before)
        if row.new is not None and row.new != of.price:
            of.prices.append((at, row.new))
        if before is not None and before is not seen:
            of.states.append((at, seen))
    of.last_seen = max(of.last_seen, at)


def _mark_crawled(of: _Offer, row: Event, before: State | None) -> None:
    """What a crawl saw last, kept while what is believed comes from elsewhere."""
    if row.source == _CRAWL:
        of.crawled = None
    elif of.crawled is None:
        of.crawled = _NEVER if before is None else "" if before is State.NO_OFFER else str(of.price)


def _until(of: _Offer, until: int) -> OfferPast | None:
    """The offer's past up to a moment: a snapshot may have been taken a little after it."""
    prices = [point for point in of.prices if point[0] <= until]
    states = [point for point in of.states if point[0] <= until]
    if not prices and not states:
        return None
    if states and states[-1][1] == State.NOT_OBSERVED:
        states.pop()
    return OfferPast(prices, states, min(of.last_seen, until), of.crawled)

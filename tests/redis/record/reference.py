"""What recording means, in plain Python: the judge of record.lua and rewrite.lua."""

from dataclasses import dataclass, field
from itertools import pairwise

from pennywren.model.series import State, Steps

DAY = 86_400_000


@dataclass
class ReferenceOffer:
    """One offer's past as lists, and what is believed now."""

    prices: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    states: list[tuple[int, State]] = field(default_factory=list[tuple[int, State]])
    price: int | None = None
    offered: bool | None = None
    since: int | None = None
    last_seen: int | None = None

    @property
    def last(self) -> int | None:
        return self.prices[-1][1] if self.prices else None

    def steps(self) -> Steps:
        return Steps(list(self.prices), list(self.states), self.last_seen or 0)


@dataclass
class ReferenceProduct:
    """Records one offer's observations, refusing as promised."""

    now: int
    gap: int
    currency: str = ""
    """That of the first observation that was written."""
    version: int = 0
    stream: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    offer: ReferenceOffer = field(default_factory=ReferenceOffer)

    @property
    def changes(self) -> int:
        return sum(entry["kind"] != "state" for entry in self.stream)

    def record(self, at: int, price: int | None, currency: str) -> str:
        offer = self.offer
        if self.version and currency != self.currency:
            return "other_currency"
        if price is not None and not 1 <= price <= 10**10:
            return "out_of_bounds"
        if at > self.now + 60_000:
            return "future"
        if offer.last_seen is not None and at <= offer.last_seen:
            now_price = offer.last if offer.offered else None
            return "duplicate" if at == offer.last_seen and price == now_price else "not_newer"
        self.currency = currency
        return self._write(at, price)

    def _write(self, at: int, price: int | None) -> str:
        offer = self.offer
        self.version += 1
        if offer.last_seen is not None and at - offer.last_seen > self.gap:
            offer.states += [(offer.last_seen + 1, State.NOT_OBSERVED), (at, State(price is not None))]
            self._announce("state", offer.last, price, at, new_low=False, days=0, unseenFrom=str(offer.last_seen + 1))
        elif (offer.offered is None and price is None) or offer.offered is (price is None):
            offer.states.append((at, State(price is not None)))
            if offer.offered is None:
                self._announce("state", None, None, at, new_low=False, days=0)
        outcome = "confirmed"
        if price is None:
            if offer.offered is not False:
                outcome = "out"
                if offer.last is not None:
                    self._announce("out", offer.last, None, at, new_low=False, days=0)
        elif offer.last is None:
            outcome = "first"
            self._announce("first", None, price, at, new_low=True, days=0)
        elif not offer.offered:
            outcome = "back"
            self._announce("back", None, price, at, new_low=price < self._low(), days=self._lowest_for(price, at))
        elif price != offer.last:
            outcome = "changed"
            days = self._lowest_for(price, at) if price < offer.last else 0
            self._announce("price", offer.last, price, at, new_low=price < self._low(), days=days)
        if price is not None and price != offer.last:
            offer.prices.append((at, price))
        if outcome != "confirmed":
            offer.since = at
        offer.offered = price is not None
        offer.last_seen = at
        return outcome

    def _low(self) -> int:
        return min(price for _, price in self.offer.prices)

    def _lowest_for(self, price: int, at: int) -> int:
        """Whole days since a price at or below `price` last held; an absence ends what held before it."""
        points = self.offer.prices
        if price < self._low():
            return (at - points[0][0]) // DAY
        if points[-1][1] <= price:
            assert self.offer.since is not None
            return (at - self.offer.since) // DAY
        ends = [end - 1 for (_, held), (end, _) in pairwise(points) if held <= price]
        return (at - ends[-1]) // DAY

    def _announce(
        self, kind: str, old: int | None, new: int | None, at: int, *, new_low: bool, days: int, **more: str
    ) -> None:
        self.stream.append(
            {
                "kind": kind,
                "old": "" if old is None else str(old),
                "new": "" if new is None else str(new),
                "at": str(at),
                "newLow": str(int(new_low)),
                "lowestForDays": str(days),
                "currency": self.currency,
                "source": "crawl",
                "version": str(self.version),
                **more,
            }
        )

"""The price changes of the past, as they were announced: worked out from the series when somebody asks why."""

from itertools import pairwise

from pennywren.history.step import Span, spans, value_at
from pennywren.model.change import ChangeKind, PriceChange
from pennywren.model.clock import DAY
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.series import State, Steps


def last_changes(product: ProductID, offer: Offer, currency: str, steps: Steps, count: int) -> list[PriceChange]:
    """The last `count` changes of an offer, newest first. `steps` are its whole past.

    They have the ids, the prices and the lows that the recorder gave them; who saw them is not in the series.
    """
    found: list[PriceChange] = []
    before: Span | None = None
    had_price = False
    for span in _known(steps):
        kind = _kind(before, span.price, had_price=had_price)
        if kind is not None:
            found.append(
                PriceChange(
                    product,
                    offer,
                    kind,
                    before and before.price,
                    span.price,
                    currency,
                    span.start,
                    # The first price of what was looked for in vain has a version above the first.
                    1 if before is None else 2,
                )
            )
        if before is None or kind is not None or before.price != span.price:
            before = span
        had_price = had_price or span.price is not None
    gone = [each.at for each in found if each.kind is ChangeKind.OUT]
    return [_with_lows(each, steps, gone) for each in found[-count:][::-1]]


def _known(steps: Steps) -> list[Span]:
    """What was seen, without the silences between; the last look, which is an instant, counts as a span."""
    starts = [points[0][0] for points in (steps.prices, steps.states) if points]
    if not starts:
        return []
    known = [each for each in spans(steps, min(starts), steps.last_seen) if each.state is not State.NOT_OBSERVED]
    state, price = value_at(steps, steps.last_seen)
    if state is not State.NOT_OBSERVED and (not known or known[-1].price != price):
        known.append(Span(steps.last_seen, steps.last_seen, state, price))
    return known


def _kind(before: Span | None, price: int | None, *, had_price: bool) -> ChangeKind | None:
    """What happened, seen from the span before; None if nothing did."""
    old = before and before.price
    if old == price:
        return None
    if price is None:
        return ChangeKind.OUT
    if old is not None:
        return ChangeKind.PRICE
    return ChangeKind.BACK if had_price else ChangeKind.FIRST


def _with_lows(change: PriceChange, steps: Steps, gone: list[int]) -> PriceChange:
    """The same with what `record.lua` says of lows: no price was as low, and for how many days none was."""
    price, at = change.new, change.at
    if price is None:
        return change
    earlier = [point for point in steps.prices if point[0] < at]
    if not earlier:
        return _low(change, at, at, new=True)
    last = earlier[-1][1]
    if price < min(each for _, each in earlier):
        return _low(change, at, earlier[0][0], new=True)
    if price < last:
        # A price is there until the next one: an absence between the two is not known to the recorder here either.
        cheap = max(after[0] - 1 for before, after in pairwise(earlier) if before[1] <= price)
        return _low(change, at, cheap, new=False)
    if change.kind is ChangeKind.BACK:
        return _low(change, at, max(moment for moment in gone if moment < at), new=False)
    return change


def _low(change: PriceChange, at: int, since: int, *, new: bool) -> PriceChange:
    return PriceChange(
        change.product,
        change.offer,
        change.kind,
        change.old,
        change.new,
        change.currency,
        at,
        change.version,
        new_low=new,
        lowest_for_days=(at - since) // DAY,
    )

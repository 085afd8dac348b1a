"""A history as small as a word: a stepping line without axes, which says nothing that the text beside it does not."""

from typing import Final

from pennywren.history.step import spans
from pennywren.model.series import State, Steps

WIDTH: Final = 120
HEIGHT: Final = 32
_EDGE: Final = 2


def spark(steps: Steps, start: int, end: int) -> str | None:
    """The prices of [start, end) ms as an SVG that assistive technology passes over; None where none was seen.

    The line is broken where there was no offer and where nobody looked; a price that never moved is drawn midway.
    """
    seen = [(each.start, each.end, each.price) for each in spans(steps, start, end)
            if each.state is State.OFFERED and each.price is not None]  # fmt: skip
    if not seen or end <= start:
        return None
    prices = [price for _, _, price in seen]
    low, reach = min(prices), max(prices) - min(prices)

    def x(at: int) -> float:
        return round(_EDGE + (WIDTH - 2 * _EDGE) * (at - start) / (end - start), 1)

    def y(price: int) -> float:
        share = (price - low) / reach if reach else 0.5
        return round(HEIGHT - _EDGE - (HEIGHT - 2 * _EDGE) * share, 1)

    path, last = "", None
    for begin, over, price in seen:
        path += f"V{y(price):g}" if last == begin else f"M{x(begin):g} {y(price):g}"
        path += f"H{x(over):g}"
        last = over
    return (
        f'<svg class="spark" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'aria-hidden="true" focusable="false"><path d="{path}"/></svg>'
    )

"""A history as CSV, for spreadsheets: the answer of the API, a row for each change of what is known."""

import csv
from io import StringIO
from typing import Final

import msgspec

from pennywren.history.answer import History
from pennywren.history.calendar import Interval
from pennywren.model.money import format_amount

COLUMNS: Final = ("time", "state", "price", "low", "high", "currency", "offer", "product")
OFFERED: Final = "offered"
UNVERIFIED: Final = "unverified"
NO_OFFER: Final = "no offer"
NOT_OBSERVED: Final = "not observed"

_DECODER: Final = msgspec.json.Decoder(History)


def history_csv(answer: bytes) -> bytes:
    """The rows of an encoded answer, oldest first.

    Prices are plain decimals in the currency's units. A price holds until the next row, or until the time of the last
    one, which says when the price was last confirmed; with another interval than `raw` it is the bucket's average,
    beside its lowest and highest. Where there was no offer, or nobody looked, the state says so and no price stands;
    a price that browsers reported and no crawl has seen is `unverified`.
    """
    history = _DECODER.decode(answer)

    def amount(price: int | msgspec.UnsetType | None) -> str:
        return format_amount(price, history.currency) if isinstance(price, int) else ""

    rumours = {span.start_time for span in history.unverified}
    rows: list[tuple[str, str, str, str, str]] = [
        (
            point.timestamp,
            UNVERIFIED if point.timestamp in rumours else OFFERED,
            amount(point.price),
            amount(point.low),
            amount(point.high),
        )
        for point in history.history
    ]
    for state, spans in ((NO_OFFER, history.no_offer), (NOT_OBSERVED, history.not_observed)):
        rows += [(span.start_time, state, "", "", "") for span in spans]
    if history.interval is Interval.RAW and history.last_seen and history.history:
        last = max(rows)
        if last[1] in (OFFERED, UNVERIFIED) and last[0] < history.last_seen:
            rows.append((history.last_seen, *last[1:]))
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows((*row, history.currency, history.offer, history.product_id) for row in sorted(rows))
    return text.getvalue().encode()

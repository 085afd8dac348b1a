"""Noticing drift: pages are counted by hour, a few that failed are kept for people, and a warning is given."""

import asyncio
import base64
import gzip
import logging
from collections.abc import Sequence
from typing import Final

import msgspec

from pennywren import keyspace
from pennywren.model.clock import HOUR, MINUTE
from pennywren.model.product import ProductID
from pennywren.observe import drift
from pennywren.observe.drift import Kind, Tally
from pennywren.observe.packed import unpacked
from pennywren.observe.page import MAX_BYTES
from pennywren.observe.page.reading import PageReading
from pennywren.observe.scrub import without_people
from pennywren.store.connect import Client
from pennywren.store.counters import Counter, Gauge, Sample, count
from pennywren.store.round_trip import RoundTrip

_log = logging.getLogger(__name__)

PAGES: Final = Counter(
    "pennywren_pages_total", "Product pages by what could be read of them.", ("marketplace", "layout", "readable")
)
_BY_KIND: Final = ("marketplace", "layout")
SHARE: Final = Gauge(
    "pennywren_unreadable_share", "Share of the product pages of the last day that could not be read.", _BY_KIND
)
DRIFTS: Final = Gauge(
    "pennywren_drift", "1 where that share is above PENNYWREN_DRIFT_PERCENT, among enough pages.", _BY_KIND
)
GAUGES: Final = (SHARE, DRIFTS)

KEPT: Final = 5
"""Pages that are kept of one kind, the latest ones."""
_LARGEST: Final = 300_000
"""Bytes of a page when packed; larger ones are not kept."""
_EVERY_MS: Final = 10 * MINUTE
"""At most so often one page of a kind is kept, so that five pages are not all of one minute."""
_KEEP_S: Final = 7 * 86_400
_COUNT_S: Final = (drift.WINDOW_HOURS + 1) * HOUR // 1000
_WARN_AGAIN_S: Final = 6 * 3600


class FailedPage(msgspec.Struct, frozen=True, rename={"product_id": "productID"}):
    """A page that could not be read, without the people on it: we are never signed in, and see `without_people`."""

    product_id: str
    at: int
    """When it came (ms)."""
    reason: str
    packed: str = ""
    """The page, gzipped, in base 85."""

    def html(self) -> bytes:
        """The page."""
        return gzip.decompress(base64.b85decode(self.packed))


async def note_page(client: Client, product: ProductID, reading: PageReading, page: bytes, now: int) -> None:
    """Count a product page, gzipped or not, that came for `product` at `now` (ms); keep it if it could not be read."""
    trip = RoundTrip(client)
    turn = count_page(trip, product, reading, now)
    replies = await trip.send()
    if turn is not None and replies[turn]:
        await keep_page(client, product, reading, page, now)


def count_page(trip: RoundTrip, product: ProductID, reading: PageReading, now: int) -> int | None:
    """Queue that a page came; for one that could not be read the place of the reply that says whether to keep it."""
    readable = reading.kind == "product"
    if not readable and reading.kind != "unreadable":
        return None
    kind = _kind(product, reading)
    key = keyspace.drift_hour(now // HOUR)
    trip.command("HINCRBY", key, drift.field(kind, readable=readable), 1)
    trip.command("EXPIRE", key, _COUNT_S)
    count(trip, PAGES, kind.marketplace, kind.layout, "yes" if readable else "no")
    if readable:
        return None
    return trip.command("SET", keyspace.drift_pause("keep", kind.marketplace, kind.layout), "", "PX", _EVERY_MS, "NX")


async def keep_page(client: Client, product: ProductID, reading: PageReading, page: bytes, now: int) -> None:
    """Keep a page that could not be read for people to look at, in place of the oldest of its kind."""
    packed = await asyncio.to_thread(_packed, page)
    if not packed or len(packed) > _LARGEST:
        return
    kind = _kind(product, reading)
    key = keyspace.drift_samples(kind.marketplace, kind.layout)
    kept = FailedPage(str(product), now, reading.reason or "", packed)
    async with client.pipeline(transaction=False) as pipe:
        pipe.lpush(key, msgspec.json.encode(kept).decode())
        pipe.ltrim(key, 0, KEPT - 1)
        pipe.expire(key, _KEEP_S)
        await pipe.execute()


async def tallies(client: Client, now: int) -> list[Tally]:
    """What was counted in the last day, by marketplace and layout; `now` in ms."""
    async with client.pipeline(transaction=False) as pipe:
        for hour in drift.hours_until(now):
            pipe.hgetall(keyspace.drift_hour(hour))
        hours: list[dict[str, str]] = await pipe.execute()
    return drift.tallies(hours)


async def gauges(client: Client, percent: int, now: int) -> list[Sample]:
    """The shares and alarms of now (ms); `percent` as in `PENNYWREN_DRIFT_PERCENT`."""
    found = await tallies(client, now)
    return [
        *(Sample(SHARE, (each.kind.marketplace, each.kind.layout), each.share) for each in found),
        *(Sample(DRIFTS, (each.kind.marketplace, each.kind.layout), float(each.drifts(percent))) for each in found),
    ]


async def warn(client: Client, percent: int, now: int) -> Sequence[Tally]:
    """Write a warning for each kind of page that drifts, and again after six hours; which ones were told now."""
    told: list[Tally] = []
    for each in await tallies(client, now):
        pause = keyspace.drift_pause("warn", each.kind.marketplace, each.kind.layout)
        if each.drifts(percent) and await client.set(pause, "", ex=_WARN_AGAIN_S, nx=True):
            _log.warning(
                "%.0f %% of %d product pages of %s with layout %s could not be read: see `pennywren crawl samples`",
                each.share * 100,
                each.pages,
                each.kind.marketplace,
                each.kind.layout,
            )
            told.append(each)
    return told


async def samples(client: Client, kind: Kind) -> list[FailedPage]:
    """The pages of this kind that were kept, the latest first."""
    kept = await client.lrange(keyspace.drift_samples(kind.marketplace, kind.layout), 0, -1)  # pyright: ignore[reportGeneralTypeIssues]
    return [msgspec.json.decode(each, type=FailedPage) for each in kept]


def _kind(product: ProductID, reading: PageReading) -> Kind:
    return Kind(product.marketplace, reading.layout or "none")


def _packed(page: bytes) -> str:
    try:
        html = unpacked(page, MAX_BYTES)
    except ValueError:
        html = None
    return "" if html is None else base64.b85encode(gzip.compress(without_people(html))).decode()

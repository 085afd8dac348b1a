"""How crawling stands: each egress with each host, what is due, what was read. What `pennywren crawl status` shows."""

import msgspec

from pennywren.frontier import hints
from pennywren.model.clock import MINUTE
from pennywren.observe import egress
from pennywren.observe.drift import Tally
from pennywren.observe.hosts import Hosts
from pennywren.observe.robots import Robots
from pennywren.pipeline import drifting, gauges
from pennywren.settings import Settings
from pennywren.store.connect import Client


class EgressLine(msgspec.Struct, frozen=True, rename="camel"):
    """One egress with one host. Times are ms UTC, 0 where there is none."""

    egress: str
    host: str
    rate: float
    """Requests per second that may leave now."""
    last_minute: int
    last_hour: int
    circuit: str
    waits_until: int
    retry_after_until: int
    """Until when the shop last asked us to wait."""
    last_trouble: str
    last_trouble_at: int
    robots: str
    """What we have of the host's robots.txt."""


class Frontier(msgspec.Struct, frozen=True, rename="camel"):
    """What there is to crawl, and what may leave."""

    products: int
    crawling_now: int
    urgent: int
    oldest_due_seconds: dict[str, float]
    """By marketplace, how long the first that is due has waited."""
    threshold: float | None
    """Lambda; None before it was first set."""
    budget_per_minute: int
    """Requests that may leave in a minute if nothing holds an egress."""
    spent_last_minute: int


class ReadLine(msgspec.Struct, frozen=True, rename="camel"):
    """What was read of the product pages of a marketplace and layout within a day."""

    marketplace: str
    layout: str
    pages: int
    unreadable: int
    drifts: bool
    """Whether more than PENNYWREN_DRIFT_PERCENT of enough pages could not be read."""


class CrawlStatus(msgspec.Struct, frozen=True, rename="camel"):
    """All of it."""

    egresses: list[EgressLine]
    """Those that ever sent a request."""
    frontier: Frontier
    pages: list[ReadLine]


async def crawl_status(client: Client, settings: Settings, now: int) -> CrawlStatus:
    """How crawling stands at `now` (ms)."""
    hosts = Hosts.of(settings)
    served = sorted({hosts.host(code) for code in await hints.marketplaces(client)})
    names = [each.name for each in settings.egresses]
    standings = dict(zip(served, await Robots(client).standing(served), strict=True))
    lines = [
        EgressLine(
            egress=each.egress,
            host=each.host,
            rate=each.rate(now),
            last_minute=each.last_minute(now),
            last_hour=each.last_hour(now),
            circuit=each.circuit,
            waits_until=each.waits_until(now),
            retry_after_until=each.asked_until if each.asked_until > now else 0,
            last_trouble=each.why,
            last_trouble_at=each.why_at,
            robots=standings[each.host],
        )
        for each in await egress.status(client, names, served)
    ]
    frontier = await gauges.frontier(client, now)
    value = {sample.family.name: sample.value for sample in frontier if not sample.labels}
    return CrawlStatus(
        egresses=lines,
        frontier=Frontier(
            products=int(value[gauges.PRODUCTS.name]),
            crawling_now=int(value[gauges.LEASES.name]),
            urgent=int(value[gauges.URGENT.name]),
            oldest_due_seconds={
                sample.labels[0]: round(sample.value, 3) for sample in frontier if sample.family is gauges.OLDEST
            },
            threshold=value.get(gauges.LAMBDA.name),
            budget_per_minute=len(names) * len(served) * (MINUTE // 1000),
            spent_last_minute=sum(line.last_minute for line in lines),
        ),
        pages=[_read(each, settings.drift_percent) for each in await drifting.tallies(client, now)],
    )


def _read(tally: Tally, percent: int) -> ReadLine:
    return ReadLine(
        marketplace=tally.kind.marketplace,
        layout=tally.kind.layout,
        pages=tally.pages,
        unreadable=tally.unreadable,
        drifts=tally.drifts(percent),
    )

"""`GET /metrics`: what is counted and how things stand, for Prometheus, and for nobody on the Internet."""

from collections.abc import Iterator, Sequence
from itertools import accumulate, chain
from math import inf

from litestar import Response, get
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import choose_encoder

from pennywren.errors import Forbidden
from pennywren.pipeline.metrics import FAMILIES
from pennywren.settings import Settings
from pennywren.store.counters import Counter, Distribution, Family, Gauge, Histogram, Sample
from pennywren.web.resources import resources_of
from pennywren.web.serving.network import client_address
from pennywren.web.types import Answer, Request


@get("/metrics", uncounted=True)
async def show_metrics(request: Request) -> Answer:
    """All metrics, in the format that was asked for.

    Raises:
        Forbidden: the client is in none of the networks of PENNYWREN_METRICS_NETWORKS.
    """
    resources = resources_of(request)
    peer = request.client.host if request.client else None
    if not may_read(resources.settings, peer, request.headers.getall("x-forwarded-for", [])):
        raise Forbidden("Metrics are for private networks; PENNYWREN_METRICS_NETWORKS says for which.")
    encode, content_type = choose_encoder(request.headers.get("accept", ""))
    return Response(encode(_Registered(await resources.metrics.read())), headers={"content-type": content_type})


def may_read(settings: Settings, peer: str | None, forwarded_for: list[str]) -> bool:
    """Whether this client may read the metrics.

    A proxy on this machine that PENNYWREN_TRUSTED_PROXIES does not count would make everybody a neighbour: what came
    through one is refused.
    """
    if forwarded_for and not settings.trusted_proxies:
        return False
    address = client_address(peer, forwarded_for, settings.trusted_proxies)
    return address is not None and any(address in network for network in settings.metrics_networks)


class _Registered(CollectorRegistry):
    """What the library's encoders read: nothing is registered, the values are given."""

    def __init__(self, found: Sequence[Sample | Distribution]) -> None:
        super().__init__(auto_describe=False)
        self._found = found

    def collect(self) -> Iterator[Metric]:
        return rendered(self._found)


def rendered(found: Sequence[Sample | Distribution]) -> Iterator[Metric]:
    """Every family, in its order, as the library writes it; those without a value too, with their help."""
    for family in FAMILIES:
        yield _metric(family, [each for each in found if each.family is family])


def _metric(family: Family, found: Sequence[Sample | Distribution]) -> Metric:
    match family:
        case Counter():
            metric: Metric = CounterMetricFamily(family.name, family.help, labels=family.labels)
        case Gauge():
            metric = GaugeMetricFamily(family.name, family.help, labels=family.labels)
        case Histogram():
            metric = HistogramMetricFamily(family.name, family.help, labels=family.labels)
    for each in found:
        if isinstance(each, Sample) and isinstance(metric, CounterMetricFamily | GaugeMetricFamily):
            metric.add_metric(each.labels, each.value)
        elif isinstance(each, Distribution) and isinstance(metric, HistogramMetricFamily):
            limits = chain(each.family.buckets, (inf,))
            names = ("+Inf" if limit == inf else str(limit) for limit in limits)
            metric.add_metric(each.labels, list(zip(names, accumulate(each.counts), strict=True)), each.sum)
    return metric

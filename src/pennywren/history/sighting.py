"""Who saw a price first, and when: what the proofs add to the moment at which a crawl of ours saw it."""

from typing import Final

from pennywren.model.offer import Offer
from pennywren.model.provenance import Ground, Proofs
from pennywren.model.series import Steps

_HEARSAY: Final = (Ground.CORROBORATED, Ground.NEAR)


def first_seen(offer: Offer, verified_at: int, steps: Steps, proofs: Proofs) -> int:
    """When anybody first saw the price that a crawl of ours verified at `verified_at`: a reporter before the crawl, or
    the first of two crawls; else the same moment. Times are ms UTC. `steps` are those of before and after it."""
    since = max((at for points in (steps.prices, steps.states) for at, _ in points if at <= verified_at), default=0)
    of = proofs.of(offer, since)
    if of.ground in _HEARSAY and of.crawled_at is not None:
        return min(of.first_at or since, verified_at)
    return min(of.first_at or verified_at, verified_at) if since == verified_at else verified_at


def was_hearsay(offer: Offer, at: int, proofs: Proofs) -> bool:
    """Whether only reporters had seen the price that was recorded for `at` (ms UTC), whoever saw it later."""
    return proofs.of(offer, at).ground in _HEARSAY

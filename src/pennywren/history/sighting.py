"""Who saw a price first, and when: what the proofs add to the moment at which a crawl of ours saw it."""

from typing import Final

from pennywren.model.offer import Offer
from pennywren.model.provenance import Ground, Proofs
from pennywren.model.series import Steps

_HEARSAY: Final = (Ground.CORROBORATED, Ground.NEAR)


def first_seen(offer: Offer, verified_at: int, steps: Steps, proofs: Proofs) -> int:
    """When anybody first saw the price that a crawl of ours verified at `verified_at`: a reporter before the crawl, or
    the first of two crawls; else the same moment. Times are ms UTC. `steps` are those of before and after it."""
    since = _since(verified_at, steps)
    of = proofs.of(offer, since)
    if of.ground in _HEARSAY and of.crawled_at is not None:
        return min(of.first_at or since, verified_at)
    return min(of.first_at or verified_at, verified_at) if since == verified_at else verified_at


def in_force(offer: Offer, at: int, steps: Steps, proofs: Proofs) -> tuple[int, int]:
    """Of what was believed at `at`: when anybody saw it first, and when a crawl of ours did. Times are ms UTC."""
    since = _since(at, steps)
    of = proofs.of(offer, since)
    verified = of.crawled_at if of.ground in _HEARSAY and of.crawled_at is not None else since
    return first_seen(offer, min(verified, at), steps, proofs), min(verified, at)


def was_hearsay(offer: Offer, at: int, proofs: Proofs) -> bool:
    """Whether only reporters had seen the price that was recorded for `at` (ms UTC), whoever saw it later."""
    return proofs.of(offer, at).ground in _HEARSAY


def _since(moment: int, steps: Steps) -> int:
    """When what was in force at a moment (ms UTC) began; the moment itself where nothing is known of it."""
    known = (at for points in (steps.prices, steps.states) for at, _ in points if at <= moment)
    return max(known, default=moment)

"""When a price was seen first, and by whom."""

import pytest

from pennywren.history.sighting import first_seen, in_force, was_hearsay
from pennywren.model.offer import Offer
from pennywren.model.provenance import Ground, Proofs, Provenance
from pennywren.model.series import State, Steps

REPORTED, RECORDED, CRAWLED = 900, 1_000, 5_000


def proofs(at: int, of: Provenance) -> Proofs:
    return Proofs({(Offer.BUYBOX, at): of})


@pytest.mark.parametrize(
    ("recorded_at", "of", "first"),
    [
        (CRAWLED, Provenance(Ground.CRAWL), CRAWLED),
        (CRAWLED, Provenance(Ground.FORGOTTEN), CRAWLED),
        (CRAWLED, Provenance(Ground.CRAWLED_TWICE, first_at=4_000), 4_000),
        (CRAWLED, Provenance(Ground.VERIFIED, 2, REPORTED, CRAWLED), REPORTED),
        (CRAWLED, Provenance(Ground.VERIFIED, 2, CRAWLED + 1, CRAWLED), CRAWLED),  # a reporter's clock is ahead
        (RECORDED, Provenance(Ground.CORROBORATED, 3, REPORTED, CRAWLED), REPORTED),
        (RECORDED, Provenance(Ground.NEAR, 1, None, CRAWLED), RECORDED),
        (RECORDED, Provenance(Ground.CORROBORATED, 3, REPORTED), CRAWLED),  # no crawl is known to have seen that
        (RECORDED, Provenance(Ground.VERIFIED, 2, REPORTED, RECORDED), CRAWLED),  # this price was told before
    ],
)
def test_a_price_was_seen_first_by_whoever_said_so_before_the_crawl(
    recorded_at: int, of: Provenance, first: int
) -> None:
    steps = Steps(prices=[(500, 1599), (recorded_at, 1299)], last_seen=CRAWLED)
    assert first_seen(Offer.BUYBOX, CRAWLED, steps, proofs(recorded_at, of)) == first


@pytest.mark.parametrize(
    ("of", "at", "seen"),
    [
        (Provenance(Ground.CRAWL), CRAWLED, (RECORDED, RECORDED)),
        (Provenance(Ground.CRAWLED_TWICE, first_at=800), CRAWLED, (800, RECORDED)),
        (Provenance(Ground.CORROBORATED, 3, REPORTED, 4_000), CRAWLED, (REPORTED, 4_000)),
        (Provenance(Ground.CORROBORATED, 3, REPORTED, 4_000), 3_000, (REPORTED, 3_000)),
        (Provenance(Ground.CRAWL), 700, (500, 500)),
        (Provenance(Ground.CRAWL), 400, (400, 400)),  # nothing was known yet
    ],
)
def test_what_is_told_as_it_was_has_the_moments_of_its_step(of: Provenance, at: int, seen: tuple[int, int]) -> None:
    steps = Steps(prices=[(500, 1599), (RECORDED, 1299)], last_seen=CRAWLED)
    assert in_force(Offer.BUYBOX, at, steps, proofs(RECORDED, of)) == seen


def test_an_absence_is_seen_like_a_price() -> None:
    steps = Steps(prices=[(500, 1599)], states=[(CRAWLED, State.NO_OFFER)], last_seen=CRAWLED)
    twice = Provenance(Ground.CRAWLED_TWICE, first_at=4_000)
    assert first_seen(Offer.BUYBOX, CRAWLED, steps, proofs(CRAWLED, twice)) == 4_000


def test_what_only_reporters_had_seen_was_hearsay_then_whoever_saw_it_later() -> None:
    assert was_hearsay(Offer.BUYBOX, RECORDED, proofs(RECORDED, Provenance(Ground.CORROBORATED, 3, REPORTED, CRAWLED)))
    assert was_hearsay(Offer.BUYBOX, RECORDED, proofs(RECORDED, Provenance(Ground.NEAR, 1)))
    assert not was_hearsay(Offer.BUYBOX, RECORDED, proofs(RECORDED, Provenance(Ground.VERIFIED, 2, REPORTED)))
    assert not was_hearsay(Offer.BUYBOX, RECORDED, Proofs())

"""The proof of a price: the step in force is meant, and what is not known is said."""

import pytest

from pennywren.errors import NotFound
from pennywren.history.proof import Proof, proof_of
from pennywren.history.proof_words import proof_words
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.provenance import Ground, Proofs, Provenance, Withdrawn
from pennywren.model.series import State, Steps

KETTLE = ProductID("us", "B08N5WRWNW")
T0 = 1_764_067_200_000
HOUR = 3_600_000
STEPS = Steps(
    [(T0, 1599), (T0 + 2 * HOUR, 1299)],
    [
        (T0 + 4 * HOUR, State.NO_OFFER),
        (T0 + 5 * HOUR, State.OFFERED),
        (T0 + 6 * HOUR, State.NOT_OBSERVED),
        (T0 + 8 * HOUR, State.OFFERED),
    ],
    T0 + 9 * HOUR,
)


def _prove(hours: float, proofs: Proofs = Proofs(), steps: Steps = STEPS) -> Proof:  # noqa: B008
    return proof_of(KETTLE, Offer.BUYBOX, round(T0 + hours * HOUR), "USD", steps, proofs)


@pytest.mark.parametrize(
    ("hours", "price", "since", "until"),
    [
        (0, 1599, 0, 2),
        (1.5, 1599, 0, 2),
        (2, 1299, 2, 4),
        (4.5, None, 4, 5),
        (5, 1299, 5, 6),
        (9, 1299, 8, None),
    ],
)
def test_the_step_in_force_is_meant(hours: float, price: int | None, since: int, until: int | None) -> None:
    proof = _prove(hours)
    assert (proof.price, proof.since) == (price, T0 + since * HOUR)
    assert proof.until == (None if until is None else T0 + until * HOUR)


@pytest.mark.parametrize(
    ("hours", "because"),
    [
        (-1, "the buybox price of us:B08N5WRWNW is known from 2025-11-25T10:40:00Z on"),
        (7, "nobody looked at the buybox price of us:B08N5WRWNW from 2025-11-25T16:40:00Z to 2025-11-25T18:40:00Z"),
        (10, "nobody has looked at the buybox price of us:B08N5WRWNW since 2025-11-25T19:40:00Z"),
    ],
)
def test_where_nothing_is_known_that_is_said(hours: float, because: str) -> None:
    with pytest.raises(NotFound) as refused:
        _prove(hours)
    assert refused.value.message == because


def test_what_was_withdrawn_is_told_also_where_nothing_else_is_known() -> None:
    gone = Withdrawn(99, T0 - 2 * HOUR, T0, T0 + HOUR, "a spare part's price was read")
    proofs = Proofs(withdrawn={(Offer.BUYBOX, T0 - 2 * HOUR): gone})
    with pytest.raises(NotFound, match=r"0\.99 USD was recorded at .*, and withdrawn at .*: a spare part's"):
        _prove(-1, proofs)
    within = Proofs(withdrawn={(Offer.BUYBOX, T0): Withdrawn(99, T0, T0 + HOUR, T0 + HOUR, "false")})
    assert len(_prove(0.5, within).withdrawn) == 1
    assert _prove(1, within).withdrawn == ()
    believed = Withdrawn(99, T0 + HOUR, None, T0 + HOUR + 1, "false")
    until_then = Proofs(withdrawn={(Offer.BUYBOX, T0 + HOUR): believed})
    assert _prove(1.5, until_then).withdrawn == (believed,)
    assert _prove(2, until_then).withdrawn == (), "what was seen later was never it"


@pytest.mark.parametrize(
    ("provenance", "words"),
    [
        (Provenance(Ground.CRAWL), "A crawl of ours saw it on 25 November 2025, 12:40:00 UTC."),
        (
            Provenance(Ground.CRAWLED_TWICE, 0, T0),
            "two crawls of ours had to see it, the first on 25 November 2025, 10:40:00 UTC; the second on",
        ),
        (Provenance(Ground.VERIFIED, 1, T0), "One reporter said so, the first on"),
        (Provenance(Ground.CORROBORATED, 4), "4 reporters, independent of each other, saw it within three hours;"),
        (Provenance(Ground.CORROBORATED, 4, None, T0), "A crawl of ours saw it on 25 November 2025, 10:40:00 UTC."),
        (Provenance(Ground.NEAR, 1), "but for rounding"),
        (Provenance(Ground.IMPORTED), "we did not see it ourselves"),
        (Provenance(Ground.FORGOTTEN), "is not kept for so long"),
    ],
)
def test_each_ground_is_told_in_a_sentence(provenance: Provenance, words: str) -> None:
    told = proof_words(_prove(2, Proofs(samples={(Offer.BUYBOX, T0 + 2 * HOUR): provenance})))
    assert told[0] == "On 25 November 2025, 12:40:00 UTC the price of the buy box was $12.99."
    assert words in told[1]
    assert told[2] == "It held until 25 November 2025, 14:40:00 UTC, when something else was seen."


def test_an_absence_and_the_last_step_have_words_of_their_own() -> None:
    assert "there was no such offer" in proof_words(_prove(4.5))[0]
    assert proof_words(_prove(9))[2] == "Nothing else was seen since; we looked last on 25 November 2025, 19:40:00 UTC."

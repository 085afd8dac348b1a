"""A proof in words: sentences for people, of the same facts as the fields for programs."""

from datetime import UTC, datetime
from typing import Final

from pennywren.history.proof import Proof, withdrawn_words
from pennywren.model.money import format_money
from pennywren.model.offer import Offer
from pennywren.model.provenance import Ground

_OFFERS: Final = {
    Offer.BUYBOX: "the price of the buy box",
    Offer.AMAZON: "Amazon's own price",
    Offer.NEW: "the lowest price of a new one",
    Offer.USED: "the lowest price of a used one",
}


def moment(ms: int) -> str:
    """`25 November 2026, 10:40:12 UTC`."""
    when = datetime.fromtimestamp(ms / 1000, UTC)
    return f"{when.day} {when:%B %Y, %H:%M:%S} UTC"


def proof_words(proof: Proof) -> list[str]:
    """What was believed and why, and how long, in sentences."""
    shown = "no such offer" if proof.price is None else format_money(proof.price, proof.currency)
    return [
        f"On {moment(proof.asked)} {_OFFERS[proof.offer]} was {shown}."
        if proof.price is not None
        else f"On {moment(proof.asked)} there was no such offer: {_OFFERS[proof.offer]} was not shown.",
        _ground_words(proof),
        _end_words(proof),
        *(f"{withdrawn_words(each, proof.currency)}." for each in proof.withdrawn),
    ]


def _ground_words(proof: Proof) -> str:
    of, when = proof.provenance, moment(proof.since)
    first = "" if of.first_at is None else f", the first on {moment(of.first_at)}"
    match of.ground:
        case Ground.CRAWL:
            return f"A crawl of ours saw it on {when}."
        case Ground.CRAWLED_TWICE:
            return (
                f"It was far from the price before, so two crawls of ours had to see it{first}; the second on {when}."
            )
        case Ground.VERIFIED:
            return f"{_reporters(of.reporters)} said so{first}, and a crawl of ours verified it on {when}."
        case Ground.CORROBORATED:
            return (
                f"{_reporters(of.reporters)}, independent of each other, saw it within three hours{first}; it was "
                f"recorded on {when} without a crawl, because the move was small and nobody was waiting for it."
                + _crawled(of.crawled_at)
            )
        case Ground.NEAR:
            return (
                f"A trusted reporter saw it on {when}; it is what a crawl of ours had seen but for rounding."
                + _crawled(of.crawled_at)
            )
        case Ground.IMPORTED:
            return f"It was imported with a history from elsewhere and begins on {when}: we did not see it ourselves."
        case Ground.FORGOTTEN:
            return f"It was recorded on {when}; by whom it was seen is not kept for so long."


def _crawled(at: int | None) -> str:
    return "" if at is None else f" A crawl of ours saw it on {moment(at)}."


def _reporters(count: int) -> str:
    return "One reporter" if count == 1 else f"{count} reporters"


def _end_words(proof: Proof) -> str:
    if proof.until is None:
        return f"Nothing else was seen since; we looked last on {moment(proof.last_seen)}."
    return f"It held until {moment(proof.until)}, when something else was seen."

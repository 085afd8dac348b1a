"""A proof in words: sentences for people, of the same facts as the fields for programs."""

from typing import Final

from pennywren.history.proof import Proof, Withdrawn
from pennywren.language.catalogue import DEFAULT
from pennywren.language.speaking import Language, language
from pennywren.model.provenance import Ground

_CRAWL: Final = "proof_says.crawl"
_CRAWLED_LATER: Final = (Ground.CORROBORATED, Ground.NEAR)
"""What is recorded without a crawl, which one of ours may have confirmed afterwards."""


def proof_words(proof: Proof, speaking: Language | None = None) -> list[str]:
    """What was believed and why, and how long, in sentences; in the default language where none is given."""
    said = speaking or language(DEFAULT)
    asked, offer = said.moment(proof.asked), said.say(f"proof_offer.{proof.offer}")
    if proof.price is None:
        shown = said.say("proof_says.no_offer", when=asked, offer=offer)
    else:
        shown = said.say("proof_says.price", when=asked, offer=offer, price=said.money(proof.price, proof.currency))
    withdrawn = [_withdrawn(each, proof.currency, said) for each in proof.withdrawn]
    return [shown, _ground(proof, said), _end(proof, said), *withdrawn]


def _ground(proof: Proof, said: Language) -> str:
    of = proof.provenance
    first = "" if of.first_at is None else said.say("proof_says.first", when=said.moment(of.first_at))
    told = said.say(f"proof_says.{of.ground}", when=said.moment(proof.since), first=first, count=of.reporters)
    if of.ground in _CRAWLED_LATER and of.crawled_at is not None:
        return f"{told} {said.say(_CRAWL, when=said.moment(of.crawled_at))}"
    return told


def _end(proof: Proof, said: Language) -> str:
    if proof.until is None:
        return said.say("proof_says.still", when=said.moment(proof.last_seen))
    return said.say("proof_says.until", when=said.moment(proof.until))


def _withdrawn(of: Withdrawn, currency: str, said: Language) -> str:
    return said.say(
        "proof_says.withdrawn", price=said.money(of.price, currency), seen=said.moment(of.at),
        when=said.moment(of.withdrawn_at), because=of.because,
    )  # fmt: skip

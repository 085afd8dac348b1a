"""The verdict over what a browser reported. Pure: the believed price, the hearsay and the reputation are passed in.

A crawl is worth its request when the claim may well be right and something depends on it. So what is weighed is the
product's own stake, never a quota of an account or a network: a quota would mute honest reports of the very product
that everybody is looking at.
"""

from dataclasses import dataclass, field
from typing import Final

from pennywren.model.clock import HOUR, MINUTE
from pennywren.model.money import MAX_PRICE, MIN_PRICE
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.trust.conditions import Conditions, public
from pennywren.trust.evidence import Evidence, Past, chance_of, move, weigh
from pennywren.trust.hearsay import Hearsay, Voice, independent, near
from pennywren.trust.judge import Kind, Reason, Verdict
from pennywren.trust.reputation import FIRST_COHORTS, Cohorts, Standing, Tenure

WORTH_TOLD: Final = 4.0
"""What a crawl is worth for each watch that the claimed price would trigger; a crawl costs 1."""
WORTH_WATCHED: Final = 0.9
"""Likewise for each watch at all: who waits for a drop needs the price before it to be right, too."""
WORTH_SHOWN: Final = 1.9 / 24
"""Likewise for each report a day: so many people see this product, and would see a wrong price here."""
MOST_AT_STAKE: Final = 300.0
"""More than this is never at stake, so that a proven liar cannot spend crawls on what everybody waits for."""
SMALL_MOVE: Final = 0.05
"""A move up to this (as a logarithm) may be recorded without a crawl, if nobody waits and enough agree."""
ENOUGH_VOICES: Final = 3
CORROBORATED_WITHIN: Final = 3 * HOUR
ENOUGH_ODDS: Final = 4.0
TRUSTED: Final = 0.5
WELL_TRUSTED: Final = 0.7
HINT_CHANCE: Final = 0.05
HINT_EVERY: Final = 10 * MINUTE
"""Rejected reports bring the next crawl of a product forward at most once in so long (ms)."""
_HUNDREDFOLD: Final = 4.6052
_HUNDREDFOLD_WITHIN: Final = 0.2


@dataclass(frozen=True, slots=True)
class Report:
    """One install saw one price."""

    product: ProductID
    offer: Offer
    price: int | None
    """Minor units of `currency`; None: there is no such offer now."""
    currency: str
    at: int
    """When (ms)."""
    standing: Standing
    conditions: Conditions = field(default_factory=Conditions)


@dataclass(frozen=True, slots=True)
class Context:
    """What is believed of the offer, and what depends on it."""

    currency: str
    price: int | None
    """The believed price (minor units)."""
    last_price: int | None
    """The last price there was; None if there never was one."""
    crawled: int | None
    """The price that a crawl of ours saw last: uncrawled moves are measured from here, so that small ones cannot add
    up."""
    past: Past
    watchers: int
    """Watches of the product."""
    told: int
    """Watches that the reported price would trigger."""
    country: str
    """Of the marketplace."""
    hearsay: Hearsay = field(default_factory=Hearsay)
    cohorts: Cohorts = field(default_factory=lambda: FIRST_COHORTS)


@dataclass(frozen=True, slots=True)
class Heard:
    """The verdict over one report, and what follows for what is remembered of it."""

    verdict: Verdict
    hearsay: Hearsay
    standing: Standing
    evidence: Evidence | None = None
    """What was weighed; None where the verdict did not need it."""
    at_stake: float = 0.0
    agreed: bool | None = None
    """Whether the report said what is believed; None where it was not weighed at all."""

    @property
    def worth(self) -> float:
        """What a crawl is worth now, in crawls: held reports are to be verified in this order."""
        return self.evidence.chance * self.at_stake if self.evidence is not None else 0.0


def judge_report(report: Report, context: Context) -> Heard:
    """The verdict over one report. Held means: a crawl of the product is worth it, or already on its way."""
    refusal = _refusal(report, context)
    if refusal is not None:
        return Heard(Verdict(Kind.REJECTED, refusal), context.hearsay, report.standing)
    hearsay = context.hearsay.visited(report.at)
    voice = _voice(report, context)
    same = report.price == context.price
    if same or _is_rounding(voice, context):
        verdict = Verdict(Kind.ACCEPTED, Reason.CONFIRMS if same else Reason.NEAR)
        return Heard(verdict, hearsay.with_agreement(voice), _spoke(report, agreed=True), agreed=True)
    hearsay, standing = hearsay.with_claim(voice), _spoke(report, agreed=False)
    if abs(abs(move(report.price, context.last_price)) - _HUNDREDFOLD) < _HUNDREDFOLD_WITHIN:
        return Heard(Verdict(Kind.REJECTED, Reason.HUNDREDFOLD), hearsay, standing, agreed=False)
    if hearsay.awaits(report.at):
        return Heard(Verdict(Kind.HELD, Reason.BEING_VERIFIED), hearsay, standing, agreed=False)
    evidence = weigh(voice, standing.reputation, hearsay, context.past, context.last_price)
    stake = at_stake(context, hearsay.visits)
    verdict = _weighed(report, context, hearsay, evidence, stake)
    if verdict.kind is Kind.HELD:
        hearsay = hearsay.asked(report.at)
    return Heard(verdict, hearsay, standing, evidence, stake, agreed=False)


def counts_as_look(standing: Standing, heard: Heard, watchers: int) -> bool:
    """Whether a confirmation stands for a look of ours, and so puts off the next crawl.

    Saying what everybody can read here is cheap: where somebody waits for the product, only those who have been
    known for long are believed so far that we look elsewhere.
    """
    trust = heard.hearsay.agreements[-1].trust if heard.hearsay.agreements else 0.0
    if watchers:
        return standing.tenure is Tenure.SETTLED and trust >= WELL_TRUSTED
    return trust >= TRUSTED


def worth_a_hint(heard: Heard, now: int) -> bool:
    """Whether a rejected report brings the product's next crawl forward: it may be right, and none did so just now."""
    return (
        heard.verdict == Verdict(Kind.REJECTED, Reason.UNPROVEN)
        and heard.evidence is not None
        and heard.evidence.chance >= HINT_CHANCE
        and now - heard.hearsay.hinted_at >= HINT_EVERY
    )


def at_stake(context: Context, visits: float) -> float:
    """What a crawl of the product is worth if the claim is right; a crawl costs 1. `visits` are reports a day."""
    stake = WORTH_TOLD * context.told + WORTH_WATCHED * context.watchers + WORTH_SHOWN * (visits)
    return min(stake, MOST_AT_STAKE)


def _weighed(report: Report, context: Context, hearsay: Hearsay, evidence: Evidence, stake: float) -> Verdict:
    if _is_small(report, context) and evidence.total >= ENOUGH_ODDS:
        lately = report.at - CORROBORATED_WITHIN
        exactly = [v for v in hearsay.claims if v.price == report.price and v.at >= lately and v.trust >= TRUSTED]
        if exactly and exactly[-1].reporter == report.standing.reporter and len(independent(exactly)) >= ENOUGH_VOICES:
            return Verdict(Kind.ACCEPTED, Reason.CORROBORATED)
    if evidence.chance * stake >= 1.0:
        return Verdict(Kind.HELD, Reason.WORTH_A_CRAWL)
    if chance_of(evidence.total - evidence.refuted) * stake >= 1.0:
        return Verdict(Kind.REJECTED, Reason.REFUTED)
    return Verdict(Kind.REJECTED, Reason.UNPROVEN)


def _refusal(report: Report, context: Context) -> Reason | None:
    if report.standing.reputation.blocked:
        return Reason.BLOCKED
    if report.price is not None and not MIN_PRICE <= report.price <= MAX_PRICE:
        return Reason.OUT_OF_BOUNDS
    if report.currency not in report.product.market.currencies:
        return Reason.FOREIGN_CURRENCY
    if context.last_price is None:
        return Reason.UNKNOWN_PRODUCT
    if report.currency != context.currency:
        return Reason.OTHER_CURRENCY
    return public(report.conditions, report.product.asin, context.country)


def _is_rounding(voice: Voice, context: Context) -> bool:
    """So near to what is believed, and to what a crawl saw, that it could be rounding; and nobody would be told."""
    return (
        voice.price is not None
        and context.told == 0
        and near(voice.price, context.price)
        and near(voice.price, context.crawled)
        and voice.trust >= TRUSTED
    )


def _is_small(report: Report, context: Context) -> bool:
    """A move that nobody waits for, small by what a crawl saw."""
    return (
        context.watchers == 0
        and report.price is not None
        and context.price is not None
        and context.crawled is not None
        and abs(move(report.price, context.price)) <= SMALL_MOVE
        and abs(move(report.price, context.crawled)) <= SMALL_MOVE
    )


def _voice(report: Report, context: Context) -> Voice:
    standing = report.standing
    return Voice(
        report.price,
        report.at,
        standing.reporter,
        standing.network,
        standing.reputation.at_time(report.at).trust(context.cohorts[standing.tenure]),
        standing.family,
        standing.asn,
        standing.tenure,
    )


def _spoke(report: Report, *, agreed: bool) -> Standing:
    return report.standing.after(report.standing.reputation.spoke(agreed, report.at))

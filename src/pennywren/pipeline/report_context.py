"""What one report is judged against: from what was read of the product to the words of the rules."""

import math
from dataclasses import dataclass
from typing import Final

from pennywren.frontier.planning import Planner, Subject
from pennywren.frontier.rate import mean_rate, unpack
from pennywren.model.clock import DAY, SECOND
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.trust.believed import OfferBelieved, ProductBelieved
from pennywren.trust.conditions import Conditions
from pennywren.trust.evidence import Past
from pennywren.trust.hearsay import Hearsay
from pennywren.trust.reports import Context
from pennywren.trust.reputation import Cohorts

_USUAL_VOLATILITY: Final = 0.1
_COUNTRIES: Final = {"uk": "GB"}


@dataclass(frozen=True, slots=True)
class Observation:
    """What one browser saw, as it says."""

    product: ProductID
    offer: Offer
    price: int | None
    """Minor units of `currency`; None: there was no such offer."""
    currency: str
    at: int
    """When (ms)."""
    conditions: Conditions


def country_of(product: ProductID) -> str:
    """The country of a marketplace, as ISO 3166-1 alpha-2."""
    return _COUNTRIES.get(product.marketplace, product.marketplace.upper())


def subject_of_report(product: ProductID, believed: ProductBelieved, of: OfferBelieved) -> Subject:
    """The product as the frontier sees it, by one of its offers."""
    return Subject(product.marketplace, of.last_price, believed.watchers, 0, believed.rate, of.last_seen or None)


def context_of(
    seen: Observation,
    believed: ProductBelieved,
    of: OfferBelieved,
    hearsay: Hearsay,
    cohorts: Cohorts,
    planner: Planner,
) -> Context:
    """What the report is judged against."""
    agrees = seen.price == of.price
    return Context(
        currency=believed.currency or "",
        price=of.price,
        last_price=of.last_price,
        crawled=of.crawled,
        past=_past(of, 0.0 if agrees else _changes_per_day(seen.product, believed, of, planner)),
        watchers=believed.watchers,
        told=of.told,
        country=country_of(seen.product),
        hearsay=hearsay,
        cohorts=cohorts,
    )


def _past(of: OfferBelieved, changes_per_day: float) -> Past:
    """Half of the range of the last 90 days stands for how far the price usually moves."""
    spread = math.log(of.high / of.low) / 2 if of.low and of.high and of.high > of.low else _USUAL_VOLATILITY
    return Past(of.low, of.high, spread, changes_per_day, of.last_seen)


def _changes_per_day(product: ProductID, believed: ProductBelieved, of: OfferBelieved, planner: Planner) -> float:
    prior = planner.priors.of(product.marketplace, of.last_price)
    return mean_rate(unpack(believed.rate).chances(prior)) * DAY / SECOND

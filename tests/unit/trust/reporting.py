"""Reports to judge, with everything ordinary unless a test says otherwise."""

from typing import Final

from pennywren.model.clock import DAY, HOUR, MINUTE
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.trust.conditions import Conditions
from pennywren.trust.evidence import Past
from pennywren.trust.hearsay import Hearsay
from pennywren.trust.reports import Context, Heard, Report, judge_report
from pennywren.trust.reputation import FIRST_COHORTS, Cohorts, Reputation, Standing, Tenure

PRODUCT: Final = ProductID("us", "B08N5WRWNW")
NOW: Final = 1_764_067_200_000
GOOD: Final = Reputation(right=20.0, agreed=100.0, claimed=20.0, outcomes=20, at=NOW)
LIAR: Final = Reputation(wrong=58.0, agreed=0.0, claimed=60.0, outcomes=30, at=NOW)
PAST: Final = Past(low=1999, high=2999, volatility=0.1, changes_per_day=0.3, confirmed_at=NOW - 6 * HOUR)


def standing(
    name: str = "anna",
    reputation: Reputation = GOOD,
    *,
    network: str | None = None,
    tenure: Tenure = Tenure.SETTLED,
    family: str | None = None,
    asn: int | None = None,
) -> Standing:
    """A reporter, alone in its network unless told."""
    return Standing(name, network or f"net of {name}", tenure, reputation, family, asn)


def report(
    price: int | None,
    who: Standing | None = None,
    *,
    at: int = NOW,
    currency: str = "USD",
    conditions: Conditions | None = None,
) -> Report:
    """A report over the product."""
    return Report(PRODUCT, Offer.BUYBOX, price, currency, at, who or standing(), conditions or Conditions())


def context(
    price: int | None = 2499,
    *,
    last_price: int | None = 2499,
    crawled: int | None = 2499,
    watchers: int = 0,
    told: int = 0,
    past: Past = PAST,
    hearsay: Hearsay | None = None,
    cohorts: Cohorts = FIRST_COHORTS,
    currency: str = "USD",
) -> Context:
    """What is believed of it: 24.99 USD."""
    heard = hearsay or Hearsay()
    return Context(currency, price, last_price, crawled, past, watchers, told, "US", heard, cohorts)


def one_after_another(reports: list[Report], **believed: int | None) -> list[Heard]:
    """Judge reports of one product, each hearing those before it."""
    hearsay, heard = Hearsay(), list[Heard]()
    for each in reports:
        heard.append(judge_report(each, context(hearsay=hearsay, **believed)))  # type: ignore[arg-type]
        hearsay = heard[-1].hearsay
    return heard


def minutes(count: int) -> int:
    """So many minutes in ms."""
    return count * MINUTE


def days(count: int) -> int:
    """So many days in ms."""
    return count * DAY

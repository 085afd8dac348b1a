"""The rules over reports behind the interface of `eval_trust.py`: judging, remembering and learning are production's.

The evaluator's world has one price a product, floats and seconds; here it becomes cents and milliseconds. A watch of
the evaluator is told of drops of `alert_drop` and more.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final, Protocol

from pennywren.model.clock import DAY, SECOND
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.trust.evidence import Past
from pennywren.trust.hearsay import Hearsay
from pennywren.trust.judge import Kind
from pennywren.trust.lessons import learn, settle
from pennywren.trust.reports import Context, Report, judge_report
from pennywren.trust.reputation import FIRST_COHORTS, Cohorts, Reputation, Standing, tenure_of

_PRODUCT: Final = ProductID("us", "B000000000")
_START: Final = 1_700_000_000_000
_ANSWERS: Final = {Kind.ACCEPTED: "accept", Kind.HELD: "quarantine", Kind.REJECTED: "reject"}


class _Reported(Protocol):
    t: float
    product: int
    price: float
    user: int
    net: int
    asn: int
    age_days: float


class _Stored(Protocol):
    stored: float
    stored_t: float
    watchers: int
    low90: float
    high90: float
    sigma: float
    rate: float


class Judge:
    """One world, with ASNs."""

    with_asn = True

    def setup(self, info: Mapping[str, Any]) -> None:
        """Begin: nobody has spoken, and every product has just been crawled."""
        self._alert_drop: float = info["alert_drop"]
        self._hearsay: defaultdict[int, Hearsay] = defaultdict(Hearsay)
        self._reputations: defaultdict[str, Reputation] = defaultdict(Reputation)
        self._cohorts: Cohorts = FIRST_COHORTS
        self._crawled: dict[int, int] = {}
        self._rates: dict[int, float] = {}

    def judge(self, report: _Reported, context: _Stored) -> str:
        """The verdict over one report."""
        i, reporter, price = report.product, str(report.user), round(report.price * 100)
        stored = round(context.stored * 100)
        self._rates[i] = context.rate * DAY / SECOND
        standing = Standing(
            reporter,
            str(report.net),
            tenure_of(round(report.age_days * DAY)),
            self._reputations[reporter],
            asn=report.asn if self.with_asn else None,
        )
        drops = price <= (1 - self._alert_drop) * stored
        heard = judge_report(
            Report(_PRODUCT, Offer.BUYBOX, price, "USD", _ms(report.t), standing),
            Context(
                currency="USD",
                price=stored,
                last_price=stored,
                crawled=self._crawled.setdefault(i, stored),
                past=Past(
                    round(context.low90 * 100),
                    round(context.high90 * 100),
                    context.sigma,
                    self._rates[i],
                    _ms(context.stored_t),
                ),
                watchers=context.watchers,
                told=context.watchers if drops else 0,
                country="US",
                hearsay=self._hearsay[i],
                cohorts=self._cohorts,
            ),
        )
        self._hearsay[i] = heard.hearsay.kept(_ms(report.t))
        self._reputations[reporter] = heard.standing.reputation
        return _ANSWERS[heard.verdict.kind]

    def crawled(self, product: int, truth: float, now: float) -> None:
        """A crawl answers all who spoke, and teaches."""
        self._crawled[product] = seen = round(truth * 100)
        settled = settle(self._hearsay[product], seen, _ms(now), self._rates.get(product, 0.0))
        self._hearsay[product] = settled.hearsay
        for lesson in settled.lessons:
            before = self._reputations[lesson.reporter]
            self._reputations[lesson.reporter], self._cohorts = learn(before, self._cohorts, lesson, _ms(now))

    def verified(self, report: _Reported, truth: float, now: float) -> None:
        """Nothing more: the crawl has taught already."""


class JudgeWithoutAsn(Judge):
    """The same where nobody knows ASNs."""

    with_asn = False


def _ms(seconds: float) -> int:
    return _START + round(seconds * SECOND)

"""How far a reporter is believed: what crawls said of its past claims, faded by time, beside what is usual at its age.

Reputations decide which claims are worth a crawl, and what a voice weighs beside others. They never decide alone
that a price is true: building one up is cheap for somebody who runs a thousand browsers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from dataclasses import replace as with_changes
from enum import StrEnum
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from pennywren.model.clock import DAY

HALF_LIFE: Final = 60 * DAY
"""After so long (ms) what is remembered of a reporter weighs half."""
PRIOR_WEIGHT: Final = 1.5
"""How many outcomes the usual of a reporter's age is worth."""
_MEMORY: Final = 60.0
"""At most so many outcomes are remembered, so that trust can always be lost quickly."""
_COHORT_MEMORY: Final = 100.0
_LEAST: Final = 0.01
_MOST: Final = 0.98


class Tenure(StrEnum):
    """How long an install has been known; those of one tenure share what is usual for a first claim."""

    NEW = "new"
    """Under 14 days."""
    YOUNG = "young"
    """14 to 30 days."""
    SETTLED = "settled"
    """30 days and more."""
    MEMBER = "member"
    """No install: a person who types prices into the website, with a confirmed address and known for 14 days."""
    VISITOR = "visitor"
    """Somebody who does so and is known for less, or only by the network."""


def tenure_of(age: int) -> Tenure:
    """The tenure of an install that is `age` ms old."""
    if age >= 30 * DAY:
        return Tenure.SETTLED
    return Tenure.YOUNG if age >= 14 * DAY else Tenure.NEW


def tenure_of_account(age: int | None) -> Tenure:
    """The tenure of a person with a confirmed address whose account is `age` ms old; None: of no account at all."""
    return Tenure.MEMBER if age is not None and age >= 14 * DAY else Tenure.VISITOR


class Cohort(Struct, frozen=True, array_like=True):
    """How the claims of reporters of one tenure ended, the first ones counting most."""

    right: float
    wrong: float

    @property
    def share(self) -> float:
        """The share of claims that were right, between 0 and 1."""
        return self.right / (self.right + self.wrong)

    def taught(self, right: bool, weight: float) -> "Cohort":
        """With one more outcome; old ones fade, so that a wave of bad newcomers lowers what newcomers are worth."""
        a, b = (self.right + weight, self.wrong) if right else (self.right, self.wrong + weight)
        shrink = min(1.0, _COHORT_MEMORY / (a + b))
        return Cohort(a * shrink, b * shrink)


Cohorts = Mapping[Tenure, Cohort]
FIRST_COHORTS: Final[Cohorts] = {
    Tenure.SETTLED: Cohort(12.0, 3.0),
    Tenure.YOUNG: Cohort(6.0, 2.0),
    Tenure.NEW: Cohort(4.0, 3.0),
    Tenure.MEMBER: Cohort(4.0, 3.0),
    Tenure.VISITOR: Cohort(2.0, 4.0),
}
"""What is assumed before anything is learned."""


class Reputation(Struct, frozen=True, array_like=True):
    """What is remembered of one reporter: weights, no products, no prices."""

    right: float = 0.0
    """Claims that a crawl found right."""
    wrong: float = 0.0
    """Claims that a crawl found wrong; each weighs double and takes away from what was right."""
    agreed: float = 0.0
    """Reports that said what was believed already."""
    claimed: float = 0.0
    """Reports that said something else."""
    outcomes: int = 0
    """Claims that crawls have judged."""
    at: int = 0
    """When this was written (ms)."""
    blocked: bool = False
    """An operator has blocked this reporter."""

    def at_time(self, now: int) -> "Reputation":
        """The same, faded to `now` (ms)."""
        if now <= self.at:
            return self
        fade = 0.5 ** ((now - self.at) / HALF_LIFE) if self.at else 1.0
        return replace(
            self,
            right=self.right * fade,
            wrong=self.wrong * fade,
            agreed=self.agreed * fade,
            claimed=self.claimed * fade,
            at=now,
        )

    def trust(self, cohort: Cohort) -> float:
        """The chance that this reporter's next claim is right, all else being as usual: 0.01 to 0.98."""
        right = self.right + PRIOR_WEIGHT * cohort.share
        share = right / (self.right + self.wrong + PRIOR_WEIGHT)
        return min(max(share, _LEAST), _MOST)

    @property
    def agreeing(self) -> float:
        """Reports that agreed for one that claimed something else.

        Who always sees another price has another currency, another variant or another aim.
        """
        return (self.agreed + 3.0) / (self.claimed + 1.0)

    def spoke(self, agreed: bool, now: int) -> "Reputation":
        """With one more report, at `now` (ms)."""
        faded = self.at_time(now)
        if agreed:
            return replace(faded, agreed=faded.agreed + 1.0)
        return replace(faded, claimed=faded.claimed + 1.0)

    def taught(self, right: bool, weight: float, now: int) -> "Reputation":
        """With one more outcome; `weight` 0 to 1 says how surely it is one."""
        faded = self.at_time(now)
        a, b = faded.right, faded.wrong
        a, b = (a + weight, b) if right else (a * (1.0 - 0.2 * weight), b + 2.0 * weight)
        shrink = min(1.0, _MEMORY / (a + b)) if a + b else 1.0
        judged = faded.outcomes + (weight >= SURE)
        return replace(faded, right=a * shrink, wrong=b * shrink, outcomes=judged)


SURE: Final = 0.5
"""From this weight on an outcome counts as a judged claim."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A reporter as a report names it: who it is, where it speaks from, and how far it is believed."""

    reporter: str
    network: str
    """Its /24 or /48."""
    tenure: Tenure
    reputation: Reputation = field(default_factory=Reputation)
    family: str | None = None
    """Installs that came from one network on one day are one family."""
    asn: int | None = None
    """The number of the network's operator, where it is known."""

    def after(self, reputation: Reputation) -> "Standing":
        """The same reporter with another reputation."""
        return with_changes(self, reputation=reputation)

"""What a crawl teaches: which of the waiting claims were right, and whose."""

import math
from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace

from pennywren.model.clock import DAY
from pennywren.trust.hearsay import AGREEMENT_KEPT, HEARD_FOR, Hearsay, Voice, near
from pennywren.trust.reputation import SURE, Cohort, Cohorts, Reputation, Tenure

RIGHT_WITHIN: Final = 0.01
"""A claim within 1 % of what the crawl saw was right."""
_AGREEMENT: Final = 0.1
"""Saying what everybody says is cheap, and earns as much."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """One reporter was right or wrong."""

    reporter: str
    tenure: Tenure
    right: bool
    weight: float
    """0 to 1: how surely; a claim may have been right when it was made, and the price have moved since."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What is left to remember after a crawl, and what it teaches."""

    hearsay: Hearsay
    lessons: tuple[Lesson, ...]


def settle(hearsay: Hearsay, seen: int | None, now: int, changes_per_day: float) -> Settled:
    """A crawl saw `seen` (minor units, None: no offer) at `now` (ms): judge all who spoke.

    Each is judged once for what was right, and once for what was wrong: who says the true price cannot cover lies with
    it, and who repeats himself learns nothing more.
    """
    claims = [voice for voice in hearsay.claims if now - voice.at <= HEARD_FOR]
    lessons: dict[tuple[str, bool], Lesson] = {}
    for voice in claims:
        right = near(voice.price, seen, RIGHT_WITHIN)
        weight = 1.0 if right else math.exp(-changes_per_day * max(0, now - voice.at) / DAY)
        lessons.setdefault((voice.reporter, right), _lesson(voice, right, weight))
    for voice in hearsay.agreements:
        if now - voice.at < AGREEMENT_KEPT and near(voice.price, seen, RIGHT_WITHIN):
            lessons.setdefault((voice.reporter, True), _lesson(voice, True, _AGREEMENT))
    refuted = hearsay.with_refuted([v.price for v in claims if not near(v.price, seen, RIGHT_WITHIN)], seen, now)
    left = replace(refuted, claims=(), agreements=(), asked_at=None)
    return Settled(left, tuple(lessons.values()))


def learn(reputation: Reputation, cohorts: Cohorts, lesson: Lesson, now: int) -> tuple[Reputation, Cohorts]:
    """The reputation and the cohorts after a lesson; a reporter's first outcomes teach its cohort most."""
    after = cohorts
    if lesson.weight >= SURE:
        cohort: Cohort = cohorts[lesson.tenure].taught(lesson.right, 1.0 / (1.0 + reputation.outcomes))
        after = {**cohorts, lesson.tenure: cohort}
    return reputation.taught(lesson.right, lesson.weight, now), after


def _lesson(voice: Voice, right: bool, weight: float) -> Lesson:
    return Lesson(voice.reporter, voice.tenure, right, weight)

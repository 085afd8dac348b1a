"""The verdicts over the reports of one product, and what follows from each; no I/O.

Several requests that speak of one product at once are judged one after the other, each hearing those before it.
"""

from collections import Counter as Tally
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from pennywren.frontier.admission import MOST_AHEAD, Admission
from pennywren.frontier.planning import Planner, Subject
from pennywren.model.clock import HOUR, MINUTE, SECOND
from pennywren.model.observation import Look, Source
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.provenance import Ground, Provenance
from pennywren.pipeline.report_context import Observation, context_of, subject_of_report
from pennywren.record.recording import LookToRecord
from pennywren.store.swaps import Kept
from pennywren.trust.believed import OfferBelieved, ProductBelieved
from pennywren.trust.hearsay import Hearsay, independent
from pennywren.trust.judge import Kind, Reason, Verdict
from pennywren.trust.memory import read_said
from pennywren.trust.reports import HINT_EVERY, Heard, Report, counts_as_look, judge_report, worth_a_hint
from pennywren.trust.reputation import Cohorts, Standing
from pennywren.trust.telling import Told, tell

OLDEST: Final = HOUR
"""What was seen longer ago (ms) is not judged any more."""
AHEAD: Final = MINUTE
"""A reporter's clock may be ahead by so much (ms)."""
CONFIRM_EVERY: Final = MINUTE
"""A confirmation is recorded as a look if the last look is older than this (ms)."""
AHEAD_FOR_WORTH: Final = 140 * SECOND
"""For each crawl that it is worth, a held report goes so far ahead (ms) of what was asked for at the same time: of what
is still heard when a crawl comes, the one with the most at stake goes first, whenever it was said."""
ASKED_LATELY: Final = 10 * SECOND
"""A crawl that was asked for so lately (ms) may not be seen in its lane yet."""


@dataclass(slots=True)
class Line:
    """One report to judge: who says what, and the place of its claim in what was read of the product."""

    seen: Observation
    standing: Standing
    claim: int
    verdict: Verdict | None = None
    told: Told | None = None
    agreed: bool | None = None
    """Whether it said what is believed; None where it was not judged."""


@dataclass(slots=True)
class Judged:
    """What follows from the reports of one product."""

    said: dict[Offer, Hearsay]
    changed: bool = False
    """Whether there is anything new to remember of it."""
    looks: list[LookToRecord] = field(default_factory=list[LookToRecord])
    urgent: tuple[Admission, Subject | None] | None = None
    """A crawl to ask for; the subject where its turn may come sooner if the urgent lane has no place for it."""
    hint: Subject | None = None
    unknown: bool = False
    tally: Tally[tuple[str, str]] = field(default_factory=Tally[tuple[str, str]])


def judge_lines(
    product: ProductID,
    lines: Sequence[Line],
    believed: ProductBelieved,
    kept: Kept,
    cohorts: Cohorts,
    planner: Planner,
    now: int,
) -> Judged:
    """Judge the lines of one product in their order; `kept` is the hearsay as it stands now, `now` ms UTC."""
    judged = Judged(read_said(kept))
    looked: defaultdict[Offer, int] = defaultdict(int)
    for line in lines:
        seen, of = line.seen, believed.claims[line.claim]
        line.agreed = None
        if seen.at < now - OLDEST or seen.at > now + AHEAD:
            verdict = Verdict(Kind.REJECTED, Reason.TOO_OLD if seen.at < now else Reason.FUTURE)
        else:
            heard = _hear(line, judged, believed, cohorts, planner, now)
            verdict, line.agreed = heard.verdict, heard.agreed
            _follow(judged, line, heard, believed, of, planner, looked, now)
        line.verdict = verdict
        judged.tally[verdict.kind, verdict.reason] += 1
        line.told = tell(verdict, failing=believed.failing is not None)
    return judged


def _hear(line: Line, judged: Judged, believed: ProductBelieved, cohorts: Cohorts, planner: Planner, now: int) -> Heard:
    seen, of = line.seen, believed.claims[line.claim]
    hearsay = _as_it_is(judged.said.get(seen.offer, Hearsay()), believed, now)
    report = Report(
        seen.product, seen.offer, seen.price, seen.currency, min(seen.at, now), line.standing, seen.conditions
    )
    heard = judge_report(report, context_of(seen, believed, of, hearsay, cohorts, planner))
    if heard.hearsay is not hearsay:
        judged.said[seen.offer] = heard.hearsay
        judged.changed = True
    return heard


def _as_it_is(hearsay: Hearsay, believed: ProductBelieved, now: int) -> Hearsay:
    """What was said, without a crawl that was asked for and is not on its way: it found the lane full of what is worth
    more, or could not read the page just then. While the page fails for long, the frontier says when to try again."""
    asked = hearsay.asked_at
    if asked is None or believed.on_its_way or believed.failing is not None or now - asked < ASKED_LATELY:
        return hearsay
    return hearsay.not_asked()


def _follow(
    judged: Judged,
    line: Line,
    heard: Heard,
    believed: ProductBelieved,
    of: OfferBelieved,
    planner: Planner,
    looked: defaultdict[Offer, int],
    now: int,
) -> None:
    seen, reason = line.seen, heard.verdict.reason
    at = min(seen.at, now)
    if reason is Reason.UNKNOWN_PRODUCT:
        judged.unknown = True
    elif heard.verdict.kind is Kind.ACCEPTED:
        moves = reason is Reason.CORROBORATED
        last_seen = max(of.last_seen, looked[seen.offer])
        if moves or (at - last_seen >= CONFIRM_EVERY and counts_as_look(line.standing, heard, believed.watchers)):
            # What is nearly the believed price confirms it, and is not recorded as another one.
            price = seen.price if moves else of.price
            subject = subject_of_report(seen.product, believed, of)
            judged.looks.append(_look(seen, price, at, subject, planner, _grounds(heard, seen) if moves else None))
            looked[seen.offer] = at
    elif reason is Reason.WORTH_A_CRAWL:
        ahead = min(round(heard.worth * AHEAD_FOR_WORTH), MOST_AHEAD)
        admission = Admission(seen.product, urgent=True, ahead=ahead)
        if now - heard.hearsay.hinted_at >= HINT_EVERY:
            judged.said[seen.offer] = heard.hearsay.hinted(now)
            judged.urgent = admission, subject_of_report(seen.product, believed, of)
        else:
            judged.urgent = admission, None
    elif worth_a_hint(heard, now):
        judged.said[seen.offer] = heard.hearsay.hinted(now)
        judged.hint = subject_of_report(seen.product, believed, of)


def _grounds(heard: Heard, seen: Observation) -> Provenance:
    """Why a small move is believed: who else said the same."""
    voices = independent([voice for voice in heard.hearsay.claims if voice.price == seen.price])
    return Provenance(Ground.CORROBORATED, len(voices), min(voice.at for voice in voices))


def _look(
    seen: Observation, price: int | None, at: int, subject: Subject, planner: Planner, provenance: Provenance | None
) -> LookToRecord:
    plan = planner.after_look(subject, at, reported=True)
    return LookToRecord(
        Look(seen.product, seen.currency, {seen.offer: price}, at, Source.REPORT),
        due_if_same=plan.due_if_same,
        due_if_changed=plan.due_if_changed,
        rate_if_same=plan.rate_if_same,
        rate_if_changed=plan.rate_if_changed,
        provenance=provenance,
    )

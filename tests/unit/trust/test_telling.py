"""What a reporter is told gives away nothing that depends on others."""

import pytest

from pennywren.language.catalogue import LANGUAGES
from pennywren.language.details import translated
from pennywren.trust.hearsay import Hearsay
from pennywren.trust.judge import Kind, Reason, Verdict
from pennywren.trust.reports import Heard, counts_as_look, judge_report, worth_a_hint
from pennywren.trust.reputation import Reputation, Tenure
from pennywren.trust.telling import tell, told_as
from tests.unit.trust.reporting import GOOD, LIAR, NOW, context, minutes, report, standing

WEIGHED = (
    Verdict(Kind.HELD, Reason.WORTH_A_CRAWL),
    Verdict(Kind.HELD, Reason.BEING_VERIFIED),
    Verdict(Kind.REJECTED, Reason.UNPROVEN),
    Verdict(Kind.REJECTED, Reason.REFUTED),
    Verdict(Kind.ACCEPTED, Reason.NEAR),
    Verdict(Kind.ACCEPTED, Reason.CORROBORATED),
)


def test_every_claim_that_is_weighed_is_told_one_and_the_same() -> None:
    assert len({tell(verdict, failing=False) for verdict in WEIGHED}) == 1
    assert len({tell(verdict, failing=True) for verdict in WEIGHED}) == 1
    assert tell(WEIGHED[0], failing=True) != tell(WEIGHED[0], failing=False)


def test_every_answer_is_found_again_by_its_code() -> None:
    for reason in Reason:
        told = tell(Verdict(Kind.REJECTED, reason), failing=False)
        assert told_as(told.code) == told
        assert told.detail.endswith(".")


@pytest.mark.parametrize("code", LANGUAGES[1:])
def test_every_answer_has_its_sentence_in_every_language(code: str) -> None:
    answers = {tell(Verdict(Kind.REJECTED, reason), failing=failing) for reason in Reason for failing in (True, False)}
    assert [told.code for told in answers if translated(code, told.detail) is None] == []


def heard(who: Reputation, tenure: Tenure, watchers: int = 0) -> Heard:
    return judge_report(report(2499, standing("anna", who, tenure=tenure)), context(watchers=watchers))


def test_a_confirmation_of_what_somebody_waits_for_counts_as_a_look_only_of_the_well_known() -> None:
    new, old = standing("anna", tenure=Tenure.NEW), standing("anna", tenure=Tenure.SETTLED)
    assert counts_as_look(new, heard(GOOD, Tenure.NEW), 0)
    assert not counts_as_look(new, heard(GOOD, Tenure.NEW), 1)
    assert counts_as_look(old, heard(GOOD, Tenure.SETTLED), 1)
    assert not counts_as_look(old, heard(LIAR, Tenure.SETTLED), 1)
    assert not counts_as_look(old, heard(LIAR, Tenure.SETTLED), 0)


def test_a_rejected_claim_brings_the_next_crawl_forward_once_in_a_while() -> None:
    claim = judge_report(report(2399), context())
    assert claim.verdict == Verdict(Kind.REJECTED, Reason.UNPROVEN)
    assert worth_a_hint(claim, NOW)
    lately = judge_report(report(2399), context(hearsay=Hearsay(hinted_at=NOW - minutes(5))))
    assert not worth_a_hint(lately, NOW)
    assert not worth_a_hint(judge_report(report(2399, standing("liar", LIAR)), context()), NOW)
    assert not worth_a_hint(judge_report(report(2499), context()), NOW)

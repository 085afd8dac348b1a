"""Verdicts over what browsers report."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pennywren.model.clock import DAY, HOUR, MINUTE
from pennywren.trust.conditions import Conditions
from pennywren.trust.hearsay import Hearsay, Refuted
from pennywren.trust.judge import Kind, Reason, Verdict
from pennywren.trust.reports import Heard, Report, judge_report
from pennywren.trust.reputation import Reputation, Tenure
from tests.unit.trust.reporting import GOOD, LIAR, NOW, PAST, context, one_after_another, report, standing

BELIEVED = 2499


def _verdict(reported: Report, **believed: int | None) -> Verdict:
    return judge_report(reported, context(**believed)).verdict  # type: ignore[arg-type]


def test_who_says_what_is_believed_confirms_it_however_little_trusted() -> None:
    assert _verdict(report(BELIEVED, standing(reputation=LIAR))) == Verdict(Kind.ACCEPTED, Reason.CONFIRMS)
    assert _verdict(report(None), price=None) == Verdict(Kind.ACCEPTED, Reason.CONFIRMS)


def test_a_difference_of_rounding_needs_a_trusted_reporter_and_nobody_who_would_be_told() -> None:
    assert _verdict(report(2495)) == Verdict(Kind.ACCEPTED, Reason.NEAR)
    assert _verdict(report(2495, standing(reputation=LIAR))).kind is Kind.REJECTED
    assert _verdict(report(2495), watchers=3, told=1).reason is Reason.WORTH_A_CRAWL


def test_small_steps_do_not_add_up_because_they_are_measured_from_what_a_crawl_saw() -> None:
    assert _verdict(report(2485), price=2495, crawled=2499).reason is not Reason.NEAR
    drifted = [report(2350, standing(name)) for name in ("anna", "boris", "carla", "dora")]
    kinds = [heard.verdict for heard in one_after_another(drifted, price=2380, crawled=2499)]
    assert all(verdict.reason is not Reason.CORROBORATED for verdict in kinds)


def test_a_drop_that_many_wait_for_is_crawled_first_even_on_a_strangers_word() -> None:
    stranger = standing("a stranger", Reputation())
    assert _verdict(report(1999, stranger), watchers=10, told=10) == Verdict(Kind.HELD, Reason.WORTH_A_CRAWL)
    assert _verdict(report(1999, stranger)).kind is Kind.REJECTED


def test_a_proven_liar_buys_no_crawl_even_where_a_million_wait() -> None:
    lie = report(1999, standing(reputation=LIAR))
    assert _verdict(lie, watchers=10**6, told=10**6) == Verdict(Kind.REJECTED, Reason.UNPROVEN)


def test_a_liars_crowd_does_not_mute_an_honest_report_of_the_same_product() -> None:
    crowd = [report(100 * i + 1000, standing(f"liar {i}", LIAR, network="one network")) for i in range(10)]
    honest = report(1999, standing("honest", GOOD, network="one network"))
    *lies, last = one_after_another([*crowd, honest], watchers=20, told=20)
    assert {heard.verdict.kind for heard in lies} == {Kind.REJECTED}
    assert last.verdict == Verdict(Kind.HELD, Reason.WORTH_A_CRAWL)


def test_nobody_talks_others_out_of_what_is_remembered() -> None:
    honest = [report(2449, standing(f"honest {i}")) for i in range(2)]
    flood = [report(1000 + i, standing("liar", LIAR, network="one network")) for i in range(200)]
    *_, last = one_after_another([*honest, *flood, report(2449, standing("honest 2"))])
    assert last.verdict.reason is Reason.CORROBORATED
    assert len(last.hearsay.claims) == 60

    agreeing = [report(2499, standing(f"puppet {i}", network="one network")) for i in range(80)]
    *_, last = one_after_another([*agreeing, *(report(2499, standing(f"honest {i}")) for i in range(60))])
    networks = [voice.network for voice in last.hearsay.agreements]
    assert (len(networks), networks.count("one network")) == (50, 1)


def test_one_crawl_answers_all_who_speak_before_it_is_back() -> None:
    first, second, third = one_after_another(
        [report(1999), report(1999, standing("boris")), report(3999, standing("liar", LIAR))], watchers=10, told=10
    )
    assert first.verdict.reason is Reason.WORTH_A_CRAWL
    assert second.verdict == third.verdict == Verdict(Kind.HELD, Reason.BEING_VERIFIED)


def test_a_crawl_that_does_not_come_back_is_asked_for_again() -> None:
    asked = [
        report(1999, standing(name), at=NOW + minutes * MINUTE) for name, minutes in (("a", 0), ("b", 59), ("c", 61))
    ]
    reasons = [heard.verdict.reason for heard in one_after_another(asked, watchers=10, told=10)]
    assert reasons == [Reason.WORTH_A_CRAWL, Reason.BEING_VERIFIED, Reason.WORTH_A_CRAWL]


def test_the_more_are_waiting_the_more_a_crawl_is_worth() -> None:
    few, many = (judge_report(report(1999), context(watchers=n, told=n)).worth for n in (1, 50))
    assert many > few > 0


def test_a_small_move_that_nobody_waits_for_is_recorded_when_three_independent_reporters_saw_it() -> None:
    seen = [report(2399, standing(name), at=NOW + i * MINUTE) for i, name in enumerate(("anna", "boris", "carla"))]
    verdicts = [heard.verdict for heard in one_after_another(seen)]
    assert verdicts[-1] == Verdict(Kind.ACCEPTED, Reason.CORROBORATED)
    assert all(verdict.kind is not Kind.ACCEPTED for verdict in verdicts[:2])


@pytest.mark.parametrize(
    "alike",
    [{"network": "one network"}, {"family": "one family"}, {"asn": 64500}],
    ids=["network", "family", "operator"],
)
def test_a_hundred_of_one_network_family_or_operator_are_not_three(alike: dict[str, str | int]) -> None:
    crowd = [report(2399, standing(f"clone {i}", **alike)) for i in range(100)]  # type: ignore[arg-type]
    assert all(heard.verdict.reason is not Reason.CORROBORATED for heard in one_after_another(crowd))


def test_three_who_speak_hours_apart_do_not_corroborate() -> None:
    seen = [report(2399, standing(name), at=NOW + i * 2 * HOUR) for i, name in enumerate(("anna", "boris", "carla"))]
    assert all(heard.verdict.reason is not Reason.CORROBORATED for heard in one_after_another(seen))


def test_a_price_that_a_crawl_has_just_refuted_is_not_crawled_again_until_that_is_old() -> None:
    refuted = Hearsay(refuted=(Refuted(1999, 0, NOW),))
    just_seen = replace(PAST, confirmed_at=NOW)
    again = report(1999, at=NOW + MINUTE)
    assert judge_report(again, context(watchers=1, told=1, past=just_seen, hearsay=refuted)).verdict == Verdict(
        Kind.REJECTED, Reason.REFUTED
    )
    later = report(1999, at=NOW + 5 * DAY)
    held = judge_report(later, context(watchers=1, told=1, past=just_seen, hearsay=refuted))
    assert held.verdict.kind is Kind.HELD


@pytest.mark.parametrize(
    ("reported", "reason"),
    [
        (report(249900), Reason.HUNDREDFOLD),
        (report(25), Reason.HUNDREDFOLD),
        (report(0), Reason.OUT_OF_BOUNDS),
        (report(10**10 + 1), Reason.OUT_OF_BOUNDS),
        (report(BELIEVED, currency="EUR"), Reason.FOREIGN_CURRENCY),
        (report(BELIEVED, conditions=Conditions(member_price=True)), Reason.MEMBER_PRICE),
        (report(BELIEVED, conditions=Conditions(coupon=True)), Reason.CONDITIONAL_PRICE),
        (report(BELIEVED, conditions=Conditions(subscription=True)), Reason.CONDITIONAL_PRICE),
        (report(BELIEVED, conditions=Conditions(delivery_country="DE")), Reason.OTHER_COUNTRY),
        (report(BELIEVED, conditions=Conditions(variation="B000000001")), Reason.OTHER_VARIATION),
        (report(BELIEVED, standing(reputation=Reputation(blocked=True))), Reason.BLOCKED),
    ],
)
def test_what_is_never_believed_is_rejected_with_its_reason(reported: Report, reason: Reason) -> None:
    assert _verdict(reported, watchers=100, told=100) == Verdict(Kind.REJECTED, reason)


def test_a_refusal_leaves_no_trace_in_what_is_remembered() -> None:
    personal = report(1999, conditions=Conditions(member_price=True, signed_in=True))
    heard = judge_report(personal, context())
    assert heard.hearsay == Hearsay()
    assert heard.standing == personal.standing


def test_being_greeted_by_name_or_delivery_at_home_makes_no_price_personal() -> None:
    ordinary = Conditions(signed_in=True, delivery_country="US", variation="B08N5WRWNW")
    assert _verdict(report(BELIEVED, conditions=ordinary)).reason is Reason.CONFIRMS


def test_the_first_price_of_a_product_is_one_that_a_crawl_saw() -> None:
    unknown = context(None, last_price=None, crawled=None, watchers=9)
    assert judge_report(report(BELIEVED), unknown).verdict == Verdict(Kind.REJECTED, Reason.UNKNOWN_PRODUCT)


def test_the_end_of_an_offer_and_its_return_are_claims_like_others() -> None:
    assert _verdict(report(None), watchers=5).kind is Kind.HELD
    assert _verdict(report(BELIEVED), price=None, watchers=5).kind is Kind.HELD


_REPUTATIONS = st.builds(
    Reputation,
    right=st.floats(0, 60),
    wrong=st.floats(0, 60),
    agreed=st.floats(0, 1e5),
    claimed=st.floats(0, 1e5),
    outcomes=st.integers(0, 10_000),
    at=st.integers(NOW - 400 * DAY, NOW),
)


def _reported(price: int | None, who: int, network: int, reputation: Reputation, tenure: Tenure, after: int) -> Report:
    return report(price, standing(f"r{who}", reputation, network=f"n{network}", tenure=tenure), at=NOW + after)


_REPORTS = st.builds(
    _reported,
    st.one_of(st.none(), st.integers(1, 10**10), st.integers(2300, 2700)),
    st.integers(0, 20),
    st.integers(0, 20),
    _REPUTATIONS,
    st.sampled_from(Tenure),
    st.integers(0, DAY),
)


@given(st.lists(_REPORTS, max_size=30), st.integers(1, 10**7), st.integers(0, 10**7))
def test_where_somebody_waits_no_report_ever_moves_a_price_that_would_tell_them(
    reports: list[Report], watchers: int, told: int
) -> None:
    for heard in _judged(reports, watchers=watchers, told=max(1, told)):
        assert heard.verdict.kind is not Kind.ACCEPTED or heard.verdict.reason is Reason.CONFIRMS


@given(st.lists(_REPORTS, max_size=40))
def test_without_a_crawl_nobody_moves_a_price_by_more_than_five_percent(reports: list[Report]) -> None:
    for reported, heard in zip(sorted(reports, key=lambda r: r.at), _judged(reports), strict=True):
        if heard.verdict.kind is Kind.ACCEPTED:
            assert reported.price is not None
            assert abs(math.log(reported.price / BELIEVED)) <= 0.05


@given(st.lists(_REPORTS, max_size=100))
def test_what_is_remembered_stays_small_and_its_chances_are_chances(reports: list[Report]) -> None:
    for heard in _judged(reports):
        assert len(heard.hearsay.claims) <= 60
        assert len(heard.hearsay.agreements) <= 50
        if heard.evidence is not None:
            assert 0.0 <= heard.evidence.chance <= 1.0
            assert heard.at_stake <= 300


def _judged(reports: list[Report], **believed: int | None) -> list[Heard]:
    return one_after_another(sorted(reports, key=lambda each: each.at), **believed)


def test_an_expected_change_is_likelier_than_one_just_after_a_look() -> None:
    lately = judge_report(report(2199), context(past=replace(PAST, confirmed_at=NOW))).evidence
    long_ago = judge_report(report(2199), context(past=PAST)).evidence
    assert lately is not None
    assert long_ago is not None
    assert lately.chance < long_ago.chance

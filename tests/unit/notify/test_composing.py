"""A picture is worth no delay: with much to send that has waited already, mails go without charts."""

from pennywren.pipeline.composing import LATE_AFTER, are_late


def test_several_alerts_of_which_one_has_waited_go_without_charts() -> None:
    assert are_late([10, LATE_AFTER + 1])
    assert not are_late([10, LATE_AFTER])


def test_a_single_alert_has_its_chart_however_late_it_is() -> None:
    assert not are_late([10 * LATE_AFTER])
    assert not are_late([])

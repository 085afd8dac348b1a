"""The judge of the chaos run: it sees every way in which a promise can be broken."""

from dataclasses import replace

import pytest

from bench.chaos.judging import Decided, Watcher, judge

SHOWN = {"us:A": [2000, 1600, 1900, 1500], "us:B": [1000]}
WATCHERS = [Watcher(1, "us:A", 1700), Watcher(2, "us:A", 1550), Watcher(3, "us:A", 1400), Watcher(4, "us:B", 5000)]
DECIDED = [
    Decided(11, 1, 2000, 1600, "delivered"),
    Decided(12, 1, 1900, 1500, "delivered"),
    Decided(13, 2, 1900, 1500, "failed"),
]
TAKEN = {"<alert-11@pennywren.invalid>": 1, "<alert-12@pennywren.invalid>": 1}
REFUSED = {"<alert-13@pennywren.invalid>"}


def test_a_run_in_which_everything_was_kept_is_good() -> None:
    found = judge(SHOWN, WATCHERS, DECIDED, TAKEN, REFUSED)
    assert (found.changes, found.due, found.missed, found.twice, found.repeated) == (3, 3, 0, 0, 0)
    assert found.is_good(kills=0, least_due=3)
    assert not found.is_good(kills=0, least_due=4)


def test_an_alert_that_was_never_decided_is_missed() -> None:
    assert judge(SHOWN, WATCHERS, DECIDED[1:], TAKEN, REFUSED).missed == 1


@pytest.mark.parametrize("state", ["decided", "sending", "held"])
def test_an_alert_that_was_not_told_is_missed(state: str) -> None:
    assert judge(SHOWN, WATCHERS, [replace(DECIDED[0], state=state), *DECIDED[1:]], TAKEN, REFUSED).missed == 1


def test_a_mail_that_never_came_is_missed_whatever_the_database_says() -> None:
    assert judge(SHOWN, WATCHERS, DECIDED, {"<alert-11@pennywren.invalid>": 1}, REFUSED).missed == 1
    assert judge(SHOWN, WATCHERS, DECIDED, TAKEN, set()).missed == 1


def test_an_alert_that_nobody_was_due_is_decided_twice() -> None:
    for extra in (
        replace(DECIDED[0], id=14),
        Decided(14, 3, 1900, 1500, "delivered"),
        Decided(14, 9, 2, 1, "delivered"),
    ):
        taken = {**TAKEN, "<alert-14@pennywren.invalid>": 1}
        found = judge(SHOWN, WATCHERS, [*DECIDED, extra], taken, REFUSED)
        assert (found.missed, found.twice) == (0, 1)


def test_a_mail_of_no_alert_is_counted_as_one_too_many() -> None:
    for name in ("<alert-99@pennywren.invalid>", "<other@pennywren.invalid>", ""):
        assert judge(SHOWN, WATCHERS, DECIDED, {**TAKEN, name: 1}, REFUSED).twice == 1


def test_a_repeat_under_the_same_message_id_is_allowed_once_a_kill() -> None:
    found = judge(SHOWN, WATCHERS, DECIDED, {**TAKEN, "<alert-11@pennywren.invalid>": 3}, REFUSED)
    assert found.repeated == 2
    assert found.is_good(kills=2, least_due=0)
    assert not found.is_good(kills=1, least_due=0)

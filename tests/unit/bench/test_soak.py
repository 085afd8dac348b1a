"""What the soak calls growth and a leak, and what it sees of a process."""

import os

import pytest

from bench.soak.judging import Row, rows
from bench.soak.processes import POSTGRES, Taken, Watched


def taken(kb: list[int], descriptors: list[int] | None = None) -> list[Taken]:
    """One look a second."""
    return [Taken(at, each, (descriptors or [10] * len(kb))[at]) for at, each in enumerate(kb)]


def judged(name: str, all_of: list[Taken]) -> Row:
    (row,) = rows({name: all_of}, warm=4, end=12)
    return row


def test_the_warm_up_does_not_count() -> None:
    row = judged("api", taken([10, 20, 40, 80, *[100] * 8]))
    assert (row.growth, row.grew, row.leaks) == (0, False, False)


@pytest.mark.parametrize(("name", "grew"), [("api", True), (POSTGRES, False), ("redis-server in redis", False)])
def test_a_tenth_more_is_growth_but_of_what_keeps_the_data(name: str, grew: bool) -> None:
    assert judged(name, taken([100] * 8 + [110] * 4)).grew is grew


def test_descriptors_that_come_and_go_are_no_leak_and_those_that_stay_are() -> None:
    assert not judged("api", taken([1] * 12, [5, 9] * 6)).leaks
    assert judged("api", taken([1] * 12, [5, 9] * 4 + [10, 11, 10, 12])).leaks


def test_who_was_not_there_throughout_is_not_judged() -> None:
    assert rows({"job": taken([1] * 6)}, warm=4, end=12) == []


def test_a_process_is_seen_with_what_it_takes() -> None:
    watched = Watched(os.getpid())
    watched.look()
    (found,) = next(iter(watched.taken.values()))
    assert found.own_kb > 1_000
    assert found.descriptors >= 3

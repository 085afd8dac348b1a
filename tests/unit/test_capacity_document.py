"""The table of docs/capacity.md is what the bench writes, line for line."""

import pytest

from bench.capacity import BEGIN, DOC, END, HEADER, Capacity, lines, put_into, row, table


def _table_of_document() -> list[list[str]]:
    text = DOC.read_text().partition(BEGIN)[2].partition(END)[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.strip()]


def test_the_document_has_the_lines_that_the_bench_makes_and_their_commands() -> None:
    header, _, *rows = _table_of_document()
    assert header == list(HEADER)
    some = Capacity(seen=0.5, crawled=0.25, error=0.01, used=1.0)
    made = [row(wanted, egresses, some) for wanted, egresses in lines()]
    assert [(each[:3], each[-1]) for each in rows] == [(each[:3], each[-1]) for each in made]


def test_the_document_covers_what_was_asked_for() -> None:
    asked = {(ips, reports) for ips in ("1", "100", "1,000", "10,000") for reports in ("none", "20 M")}
    assert asked <= {(each[0], each[1]) for each in _table_of_document()}


def test_what_is_seen_is_a_share_and_our_own_part_is_no_larger() -> None:
    for *_, seen, own, error, _ in _table_of_document()[2:]:
        shares = [float(cell.rstrip("%")) for cell in (seen, own, error)]
        assert 0 <= shares[1] <= shares[0] <= 100
        assert 0 < shares[2] < 10


def test_a_table_is_put_in_place_of_the_one_before() -> None:
    once = put_into(f"before\n{BEGIN}\nold\n{END}\nafter\n", table([["1"] * len(HEADER)]))
    assert "old" not in once
    assert once.startswith("before\n")
    assert once.endswith("\nafter\n")
    assert put_into(once, table([["1"] * len(HEADER)])) == once
    with pytest.raises(ValueError, match="no place"):
        put_into("nothing here", "table")

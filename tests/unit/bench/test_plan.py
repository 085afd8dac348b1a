"""What is planned follows from what was measured."""

import re

import pytest

from bench.load import traffic
from bench.plan import DEMANDS, MEASURED, Measured, Prices, plan, put_into
from bench.report import RESULTS


def _figure(of: Measured) -> float:
    """What `bench/RESULTS.md` says, in the unit of the plan."""
    found = re.findall(of.said, RESULTS.read_text(), re.MULTILINE)
    assert len(found) == 1, f"{of.what}: {found}"
    figure = float(found[0].replace(",", ""))
    if of.unit == "s":
        return figure * (1e-6 if "µs" in of.said else 1e-3)
    return figure * 1000 if of.said.endswith(" kB") else figure


@pytest.mark.parametrize("of", MEASURED, ids=lambda of: of.what)
def test_what_is_planned_with_was_measured(of: Measured) -> None:
    # Sizes hardly depend on the machine; how quick it is depends on what else it does.
    apart = 1.2 if of.unit == "B" else 2
    assert 1 / apart < _figure(of) / of.value < apart


def test_a_document_without_a_place_for_tables_is_refused() -> None:
    with pytest.raises(ValueError, match="no place"):
        put_into("nothing here", "tables")


def test_what_grows_with_products_grows_in_proportion() -> None:
    small, large = (plan(demand) for demand in (DEMANDS[0], DEMANDS[2]))
    assert large.frontier_s == pytest.approx(500 * small.frontier_s)
    assert large.redis_copied == pytest.approx(100 * small.redis_copied)
    assert large.backup == pytest.approx(500 * small.backup)


def test_twice_the_price_of_machines_is_paid_for_each_of_them() -> None:
    demand = DEMANDS[2]
    needs = plan(demand)
    more = needs.eur(demand, Prices(machine_eur=110)) - needs.eur(demand, Prices(machine_eur=55))
    assert more == pytest.approx(55 * needs.nodes)


def test_the_traffic_of_a_million_users_is_what_the_load_is_called_after() -> None:
    assert traffic.requests_per_s(1_000_000) == pytest.approx(250, rel=0.05)
    reports = traffic.requests_per_s(1_000_000) * traffic.KINDS["reports"] / 100 * traffic.reports_a_request()
    assert reports == pytest.approx(20_000_000 / 86_400)

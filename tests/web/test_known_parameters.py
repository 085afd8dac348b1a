"""A parameter that an operation does not know is a mistake, and told as one; pages pass over what links collect."""

import httpx
import pytest

from pennywren.history.question import ASKED
from pennywren.web.operations import OPERATIONS, PARAMETERS
from tests.web.site import HTML, PRODUCT, Site

MISTYPED = [
    (f"/products/{PRODUCT}/history?interva=day", "'interva'", "startTime, endTime, offer, interval, layout"),
    (f"/products/{PRODUCT}/chart.svg?rang=1y", "'rang'", "range"),
    (f"/products/{PRODUCT}/history.csv?layout=columns", "'layout'", "interval"),
    (f"/products/{PRODUCT}?offer=new", "'offer'", "it takes none"),
    (f"/products?ids={PRODUCT}&id=1", "'id'", "there are ids"),
    ("/status?utm_source=x", "'utm_source'", "it takes none"),
    (f"/products/{PRODUCT}/history?%00%0a=1", r"'\x00\n'", "offer"),
]


@pytest.mark.parametrize(("address", "unknown", "known"), MISTYPED)
async def test_the_problem_names_the_parameter_and_those_that_there_are(
    site: Site, anonymous: httpx.AsyncClient, address: str, unknown: str, known: str
) -> None:
    await site.record(1999)
    answer = await anonymous.get(address)
    problem = answer.json()

    assert (answer.status_code, problem["type"]) == (400, "/problems/bad-query")
    assert unknown in problem["detail"]
    assert known in problem["detail"]


async def test_every_operation_refuses_one_unless_others_call_it(site: Site, owner: httpx.AsyncClient) -> None:
    statuses: dict[str, int] = {}
    for operation in OPERATIONS:
        path = operation.path.replace("{product}", str(PRODUCT)).replace("{file}", "320.webp")
        answer = await owner.request(operation.method, f"{path}?nothing=1")
        statuses[operation.id] = answer.status_code

    passed = {operation.id for operation in OPERATIONS if operation.any_query}
    assert {id_ for id_, status in statuses.items() if status != 400} <= passed
    assert passed == {
        "quietWatch", "confirmQuiet", "unsubscribe", "confirmUnsubscribe", "stopMails", "confirmStopMails",
        "takeSms", "takeMailEvents", "getHealth", "getReadiness", "getMetrics",
    }  # fmt: skip


async def test_a_page_passes_over_what_links_collect(site: Site, browser: httpx.AsyncClient) -> None:
    await site.record(1999)
    paths = ("/", "/about", "/status", f"/products/{PRODUCT}", "/sign-in", "/account")

    assert [(await browser.get(f"{path}?utm_source=mail&utm_source=x")).status_code for path in paths] == [
        200, 200, 200, 200, 200, 401,
    ]  # fmt: skip


async def test_a_value_given_twice_is_refused_but_ids_may_come_often(site: Site, anonymous: httpx.AsyncClient) -> None:
    await site.record(1999)
    twice = await anonymous.get(f"/products/{PRODUCT}/history?interval=day&interval=week")
    often = await anonymous.get(f"/products?ids={PRODUCT}&ids=de:B000000001")

    assert (twice.status_code, twice.json()["detail"]) == (400, "'interval' is given 2 times: once is meant.")
    assert len(often.json()["products"]) == 2


async def test_a_history_that_is_held_refuses_it_as_well(site: Site, anonymous: httpx.AsyncClient) -> None:
    await site.record(1999)
    right = [(await anonymous.get(f"/products/{PRODUCT}/history")).status_code for _ in range(2)]
    wrong = [
        (await anonymous.get(f"/products/{PRODUCT}/history{query}")).status_code for query in ("?a=", "?offer=&offer=")
    ]

    assert (right, wrong) == ([200, 200], [400, 400])


async def test_whoever_reads_german_is_told_in_german(site: Site, browser: httpx.AsyncClient) -> None:
    await site.record(1999)
    page = await browser.get(f"/products/{PRODUCT}/history?rang=1y", headers={**HTML, "accept-language": "de"})

    assert page.status_code == 400
    assert "gibt es hier nicht: Es gibt startTime" in page.text


def test_what_a_history_is_asked_by_is_what_is_described() -> None:
    assert set(PARAMETERS["get", "/products/{product}/history"].names) == ASKED

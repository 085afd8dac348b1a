"""What every answer carries, whatever it is; and how a history is packed."""

import gzip
import re
from itertools import product
from unittest.mock import AsyncMock, patch

import httpx
import msgspec
import pytest

from pennywren.history.service import HistoryService
from pennywren.web.app import create_app
from pennywren.web.serving.packing import takes_gzip
from tests.web.site import HTML, PRODUCT, Site
from tests.web.test_ownership import ROWS, own_addresses, routes

EVERYWHERE = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}
HISTORY = f"/products/{PRODUCT}/history"


async def every_answer(site: Site, client: httpx.AsyncClient) -> dict[str, httpx.Response]:
    """What each route answers, as JSON and as a page, with things that there are where it has a place for one."""
    await site.record(1999)
    own = {**await own_addresses(site, "owner@example.com"), "product": str(PRODUCT), "name": "style.css"}
    found: dict[str, httpx.Response] = {}
    for route in sorted(routes(site)):
        method, template = route.split(" ")
        if template.endswith("/live"):
            continue
        path = re.sub(r"\{(\w+)\}", lambda name: str(own.get(name[1], "1")), template)
        for accept in ("application/json", HTML["accept"]):
            found[f"{route} {accept[:16]}"] = await client.request(method, path, headers={"accept": accept})
    return found


async def test_every_answer_carries_the_same_protection(site: Site, owner: httpx.AsyncClient) -> None:
    answers = await every_answer(site, owner)

    assert len(answers) >= 2 * (len(ROWS) - 2)
    for route, answer in answers.items():
        headers = answer.headers
        assert {name: headers.get(name) for name in EVERYWHERE} == EVERYWHERE, route
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy, route
        assert "unsafe" not in policy, route
        assert "frame-ancestors 'none'" in policy, route
        assert "camera=()" in headers["permissions-policy"], route
        assert headers["cross-origin-resource-policy"] in ("same-origin", "cross-origin"), route
        assert "access-control-allow-origin" not in headers, route
        assert "cache-control" in headers, route
        assert answer.status_code < 500 or answer.status_code == 503, route
        # It would be wrong to promise https where there is none.
        assert "strict-transport-security" not in headers, route


async def test_only_pictures_for_other_pages_may_be_shown_on_them(site: Site, owner: httpx.AsyncClient) -> None:
    answers = await every_answer(site, owner)
    open_ = {
        name.split(" ")[1] for name, each in answers.items() if "cross" in each.headers["cross-origin-resource-policy"]
    }

    assert {path for path in open_ if "chart" not in path} == set()


async def test_what_belongs_to_an_account_is_never_kept_by_a_cache(site: Site, owner: httpx.AsyncClient) -> None:
    for route, answer in (await every_answer(site, owner)).items():
        if route.split(" ")[1].startswith(("/account", "/subscriptions", "/tokens", "/installs")):
            assert "no-store" in answer.headers["cache-control"], route


async def test_over_https_browsers_are_told_to_stay_there(site: Site) -> None:
    secure = msgspec.structs.replace(site.resources.settings, public_url="https://pennywren.example")
    app = create_app(secure, site.clock)
    app.litestar.state.update(site.app.litestar.state)
    transport = httpx.ASGITransport(app=app)  # pyright: ignore[reportArgumentType]
    await site.record(1999)
    async with httpx.AsyncClient(transport=transport, base_url="https://pennywren.example") as client:
        for path in ("/about", "/nothing", HISTORY, HISTORY):
            answer = await client.get(path)
            assert answer.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"


async def test_a_history_is_packed_once_and_each_form_has_a_tag_of_its_own(
    site: Site, anonymous: httpx.AsyncClient
) -> None:
    for price in range(1000, 1040):
        site.clock.now += 60_000
        await site.record(price)
    question = f"{HISTORY}?interval=raw"
    plain = [await anonymous.get(question, headers={"accept-encoding": "identity"}) for _ in range(2)]
    packed = [await anonymous.get(question, headers={"accept-encoding": "gzip"}) for _ in range(2)]
    known = await anonymous.get(
        question, headers={"accept-encoding": "gzip", "if-none-match": packed[0].headers["etag"]}
    )

    assert {answer.content for answer in (*plain, *packed)} == {plain[0].content}
    assert len({answer.headers["etag"] for answer in plain}) == len({answer.headers["etag"] for answer in packed}) == 1
    assert plain[0].headers["etag"] != packed[0].headers["etag"]
    assert {answer.headers.get("content-encoding") for answer in packed} == {"gzip"}
    assert {answer.headers["vary"] for answer in (*plain, *packed)} == {"Accept, Accept-Encoding"}
    assert int(packed[1].headers["content-length"]) == len(gzip.compress(plain[0].content, 6, mtime=0))
    assert known.status_code == 304


async def test_what_comes_from_memory_is_what_the_framework_would_say(site: Site, anonymous: httpx.AsyncClient) -> None:
    for price in range(2000, 2040):
        site.clock.now += 60_000
        await site.record(price)
    for accepted, known, query in product(
        ["gzip", "gzip;q=0", "identity"],
        [None, "TAG", "W/TAG", '"other", TAG', '"other"', "*"],
        ["", "?interval=raw", "?layout=columns&interval=day"],
    ):
        headers = {"accept-encoding": accepted, "x-request-id": "named-by-a-proxy"}
        tag = (await anonymous.get(HISTORY + query, headers=headers)).headers["etag"]
        if known:
            headers["if-none-match"] = known.replace("TAG", tag)
        from_memory = await anonymous.get(HISTORY + query, headers=headers)
        with patch.object(HistoryService, "held", AsyncMock(return_value=None)):
            by_framework = await anonymous.get(HISTORY + query, headers=headers)

        assert from_memory.status_code == by_framework.status_code == (304 if known and known != '"other"' else 200)
        assert from_memory.content == by_framework.content
        told, counted = dict(from_memory.headers), dict(by_framework.headers)
        assert told == {name: value for name, value in counted.items() if not name.startswith("ratelimit")}
        assert told != counted, "an answer from memory costs nothing"


@pytest.mark.parametrize(
    ("accepted", "takes"),
    [
        (None, False),
        ("", False),
        ("gzip", True),
        ("br, GZIP;q=0.5", True),
        ("gzip;q=0", False),
        ("gzip; q=0.0, br", False),
        ("deflate, gzip, br", True),
        ("x-gzip-like", False),
        ("identity", False),
    ],
)
def test_gzip_is_sent_to_whoever_names_it(accepted: str | None, *, takes: bool) -> None:
    assert takes_gzip(accepted) is takes

"""Whatever comes in, the answer is a problem that says what was wrong, and never a fault of ours."""

from urllib.parse import quote

import httpx
import msgspec
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from pennywren.web.product import hot_history
from pennywren.web.serving.problems import KINDS
from pennywren.web.site.openapi import build_document
from tests.web.site import HTML, PRODUCT, Site

GOOD = {"productID": str(PRODUCT), "threshold": 1000, "notificationType": "EMAIL"}


def check(answer: httpx.Response, status: int, kind: str) -> None:
    """The answer is a whole problem of this kind."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert set(body) == {"type", "title", "status", "detail", "instance"}
    assert (body["type"], body["status"]) == (f"/problems/{kind}", status)
    assert body["detail"]


BODIES = [
    b"", b"{", b"[]", b"null", b"1", b'"x"', b"\xff\xfe", b'{"productID": "\xff"}', b"[" * 20_000, b'{"a":' * 9_000,
    b'{"threshold": 1e999}', b"{" + b'"threshold": 1,' * 3_000 + b'"threshold": 2}',
    *(msgspec.json.encode({**GOOD, **change}) for change in (
        {"threshold": 0}, {"threshold": -1}, {"threshold": 10**10 + 1}, {"threshold": 1.5}, {"threshold": "1000"},
        {"threshold": None}, {"threshold": True}, {"threshold": 10**300}, {"unknown": 1}, {"person_id": 1},
        {"state": "paused"},
        {"notificationType": "PIGEON"}, {"notificationType": "email"}, {"offer": "cheap"}, {"productID": 7},
    )),
]  # fmt: skip


@pytest.mark.parametrize("body", BODIES, ids=lambda body: repr(body[:40]))
async def test_a_body_that_cannot_be_used_is_refused(owner: httpx.AsyncClient, body: bytes) -> None:
    check(await owner.post("/subscriptions", content=body), 400, "bad-input")


@pytest.mark.parametrize(
    "product",
    ["", "x", "us:", "xx:B08N5WRWNW", "us:B08N5WRWN", "us:b08n5wrwn\u0000", "0306406153",
     "https://example.com/dp/B08N5WRWNW",
     "https://www.amazon.com/", "javascript:alert(1)", "file:///etc/passwd", "us:" + "B" * 5000, "\u202eWNWRW5N80B"],
)  # fmt: skip
async def test_what_is_no_product_is_refused(owner: httpx.AsyncClient, product: str) -> None:
    answer = await owner.post("/subscriptions", json={**GOOD, "productID": product})

    check(answer, 400, "bad-input" if len(product) > 4096 else "bad-product")


@pytest.mark.parametrize(
    ("body", "kind"),
    [({}, "bad-input"), ({"product": "B08N5WRWNW", "url": "B08N5WRWNW"}, "bad-input"),
     ({"url": "nonsense"}, "bad-product"), ({"link": "B08N5WRWNW"}, "bad-input")],
)  # fmt: skip
async def test_a_wish_to_track_names_one_product(anonymous: httpx.AsyncClient, body: object, kind: str) -> None:
    check(await anonymous.post("/products", json=body), 400, kind)


@pytest.mark.parametrize(
    "form", [b"product=%ff", b"product=\xff", b"&" * 999, b"a=1&" * 999, b"product", b"=", b"product="]
)
async def test_a_form_that_cannot_be_used_is_refused(anonymous: httpx.AsyncClient, form: bytes) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = await anonymous.post("/products", content=form, headers=headers)

    assert answer.status_code == 400


@pytest.mark.parametrize("path", ["/products", "/subscriptions", "/sign-in"])
async def test_a_body_over_64_kb_is_refused_however_it_comes(owner: httpx.AsyncClient, path: str) -> None:
    async def chunks():
        for _ in range(100):
            yield b" " * 1024

    for content in (b" " * 70_000, chunks()):
        check(await owner.post(path, content=content), 413, "too-large")


@pytest.mark.parametrize(
    "id_", ["0", "-1", "x", "1.5", "99999999999999999999999", "9" * 5000, "9223372036854775808", "%00", "%ff", "1%2F2"]
)
async def test_ids_that_nobody_has_are_not_found(owner: httpx.AsyncClient, id_: str) -> None:
    for method in ("GET", "DELETE"):
        check(await owner.request(method, f"/subscriptions/{id_}"), 404, "not-found")


@pytest.mark.parametrize(
    ("method", "path", "status", "kind"),
    [
        ("GET", "/nothing-here", 404, "not-found"),
        ("GET", "/problems/nothing-here", 404, "not-found"),
        ("GET", f"/products/{PRODUCT}", 404, "not-found"),
        ("GET", f"/products/{PRODUCT}/history", 404, "not-found"),
        ("GET", "/products/nonsense", 400, "bad-product"),
        ("GET", "/products/%ff%fe", 400, "bad-product"),
        ("GET", f"/products/{PRODUCT}/history?interval=decade", 400, "bad-query"),
        ("GET", f"/products/{PRODUCT}/history?startTime=%ff", 400, "bad-query"),
        ("GET", "/subscriptions?cursor=subscriptions--1", 400, "bad-input"),
        ("GET", "/installs?cursor=%00", 400, "bad-input"),
        ("GET", "/unsubscribe/made-up", 404, "not-found"),
        ("POST", "/unsubscribe/" + "A" * 32, 404, "not-found"),
        ("PUT", "/subscriptions", 405, "method-not-allowed"),
        ("DELETE", "/", 405, "method-not-allowed"),
        ("TRACE", "/", 405, "method-not-allowed"),
    ],
)
async def test_addresses_and_questions_that_lead_nowhere_say_so(
    owner: httpx.AsyncClient, method: str, path: str, status: int, kind: str
) -> None:
    check(await owner.request(method, path), status, kind)


async def test_a_person_gets_a_page_instead_of_a_problem(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/products/<script>alert(1)<script>", headers=HTML)

    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("text/html")
    assert "<script>" not in answer.text


async def test_an_unexpected_fault_tells_nothing_of_itself(
    site: Site, anonymous: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: object) -> None:
        raise ZeroDivisionError("the secret is 42")

    monkeypatch.setattr("pennywren.web.rendering.status_board.StatusBoard.read", broken)
    answer = await anonymous.get("/status")

    check(answer, 500, "internal")
    assert "42" not in answer.text
    assert "the secret is 42" in caplog.text


async def test_every_kind_of_problem_is_explained_at_its_address(anonymous: httpx.AsyncClient) -> None:
    for kind in KINDS.values():
        assert (await anonymous.get(kind.type)).json()["title"] == kind.title


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    ["productID", "threshold", "notificationType", "offer", "product", "url", "email", "amount", "x"]
)


@hypothesis_settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    method=st.sampled_from(["GET", "POST", "PATCH", "DELETE", "HEAD"]),
    path=st.sampled_from(sorted(build_document()["paths"])),
    part=st.text(min_size=1, max_size=40),
    body=st.binary(max_size=60) | st.dictionaries(FIELDS, JSON_VALUES, max_size=5).map(msgspec.json.encode),
    form=st.booleans(),
)
async def test_no_request_makes_a_fault_of_ours(
    owner: httpx.AsyncClient, method: str, path: str, part: str, body: bytes, form: bool
) -> None:
    segment = quote(part, safe="", errors="surrogatepass")
    for name in ("{product}", "{subscription}", "{token}", "{slug}"):
        path = path.replace(name, segment)
    kind = "application/x-www-form-urlencoded" if form else "application/json"
    answer = await owner.request(method, path, content=body, headers={"content-type": kind})

    assert answer.status_code < 500, answer.text


async def test_long_addresses_are_answered_and_not_remembered(site: Site) -> None:
    await site.record(1299)
    remembered = [hot_history._product, hot_history._question]  # pyright: ignore[reportPrivateUsage]
    sizes = [each.cache_info().currsize for each in remembered]
    async with site.client() as client:
        long_query = await client.get(f"/products/{PRODUCT}/history", params={"offer": " " * 5_000 + "buybox"})
        long_path = await client.get(f"/products/{'x' * 3_000}/history")
    assert (long_query.status_code, long_query.json()["low"]["price"]) == (200, 1299)
    check(long_path, 400, "bad-product")
    assert [each.cache_info().currsize for each in remembered] == sizes

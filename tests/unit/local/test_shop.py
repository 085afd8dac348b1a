"""The demo shop: pages that our own reader reads right, prices by a pure function, and a log that judges us."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pennywren.local.shop import pages
from pennywren.local.shop.goods import GOODS, HERO, MARKETPLACES_SOLD, Good
from pennywren.local.shop.prices import FALLS_TO, price_at
from pennywren.local.shop.server import Shop
from pennywren.model.clock import SECOND
from pennywren.model.money import MAX_PRICE
from pennywren.observe.page import read_page


class At:
    """A clock that stands where it is put."""

    def __init__(self) -> None:
        self.now = 1

    def __call__(self) -> int:
        return self.now


def _get(shop: Shop, path: str) -> tuple[int, str]:
    answer = shop.answer("GET", path, b"", "127.0.0.1", "test")
    return answer.status, str(answer.body)


def _post(shop: Shop, path: str, told: dict[str, object]) -> int:
    return shop.answer("POST", path, json.dumps(told).encode(), "127.0.0.1", "test").status


@pytest.mark.parametrize("good", GOODS, ids=lambda good: str(good.id))
@given(price=st.integers(1, 10_000_000))
def test_every_page_is_read_as_what_it_says(good: Good, price: int) -> None:
    reading = read_page(pages.product_page(good, price), good.id.marketplace)
    assert (reading.kind, reading.product_id, reading.title) == ("product", str(good.id), good.title)
    assert (reading.offers["buybox"].price, reading.offers["buybox"].currency) == (price, good.currency)
    assert reading.availability == "in_stock"


@pytest.mark.parametrize("good", GOODS, ids=lambda good: str(good.id))
def test_what_is_out_of_stock_has_no_price(good: Good) -> None:
    reading = read_page(pages.product_page(good, None), good.id.marketplace)
    assert (reading.kind, reading.product_id, reading.availability) == ("product", str(good.id), "unavailable")
    assert reading.offers["buybox"].price is None


def test_other_pages_are_recognised_as_what_they_are() -> None:
    kinds = [
        read_page(page, "us").kind
        for page in (pages.captcha_page(), pages.failure_page(503, "Service Unavailable"), pages.front_page(GOODS))
    ]
    assert kinds == ["captcha", "error", "other"]


def test_there_is_something_for_each_of_four_marketplaces() -> None:
    assert MARKETPLACES_SOLD == ("us", "uk", "de", "jp")
    assert GOODS[0] is HERO
    assert len({good.id for good in GOODS}) == len({good.id.asin for good in GOODS}) == len(GOODS)


def test_the_hero_falls_from_15_99_to_12_99_after_18_seconds() -> None:
    assert price_at(HERO, 0, 0) == price_at(HERO, 18 * SECOND - 1, 0) == 1599
    assert price_at(HERO, 18 * SECOND, 0) == price_at(HERO, 300 * SECOND, 0) == FALLS_TO == 1299


@given(st.sampled_from(GOODS), st.integers(0, 10**9), st.integers(0, 3))
def test_prices_are_a_pure_function_and_stay_near_where_they_began(good: Good, elapsed: int, seed: int) -> None:
    price = price_at(good, elapsed, seed)
    assert price == price_at(good, elapsed, seed)
    if price is None:
        assert good.runs_out
    elif good is not HERO:
        assert abs(price - good.price) <= good.price * 0.08 + 10
        assert 0 < price <= MAX_PRICE


def test_every_request_is_logged_by_source_address() -> None:
    clock = At()
    shop = Shop(clock)
    shop.answer("GET", "/dp/B0DEMOWREN", b"", "127.0.0.2", "Pennywren/0.1")
    clock.now = 1001
    shop.answer("GET", "/robots.txt", b"", "127.0.0.3", "Pennywren/0.1")
    assert json.loads(_get(shop, "/_log.json")[1]) == {
        "127.0.0.2": [{"at": 1, "path": "/dp/B0DEMOWREN", "userAgent": "Pennywren/0.1"}],
        "127.0.0.3": [{"at": 1001, "path": "/robots.txt", "userAgent": "Pennywren/0.1"}],
    }


def test_it_answers_otherwise_when_it_is_told_to_and_so_many_times() -> None:
    shop = Shop(At())
    assert _post(shop, "/_answers", {"path": "/dp/B0DEMOWREN", "answer": "captcha", "times": 2}) == 200
    kinds = [read_page(_get(shop, "/dp/B0DEMOWREN")[1], "us").kind for _ in range(3)]
    assert kinds == ["captcha", "captcha", "product"]

    assert _post(shop, "/_answers", {"path": "*", "answer": "503", "retryAfter": 7}) == 200
    answer = shop.answer("GET", "/dp/B0DEMOLAMP", b"", "127.0.0.1", "test")
    assert b"\r\nRetry-After: 7\r\n" in answer.encode()
    assert answer.status == 503


def test_a_price_that_is_set_stays_until_another_is_set() -> None:
    shop = Shop(At())
    for price in (4242, None):
        assert _post(shop, "/_prices", {"productID": "us:B000000001", "price": price}) == 200
        assert read_page(_get(shop, "/dp/B000000001")[1], "us").offers["buybox"].price == price


def test_nonsense_is_refused_and_what_is_not_sold_is_not_found() -> None:
    shop = Shop(At())
    assert _post(shop, "/_prices", {"productID": "nonsense", "price": 1}) == 400
    assert _post(shop, "/_answers", {"path": "*", "answer": "999"}) == 400
    assert shop.answer("POST", "/_prices", b"{", "127.0.0.1", "test").status == 400
    assert _get(shop, "/dp/B0NOTSOLD1")[0] == 404

"""A page leads to other products of its own shop, and never to more than a few of them."""

from pennywren.model.marketplace import MARKETPLACES
from pennywren.observe.page.dom import Page
from pennywren.observe.page.links import MOST, linked_products

OWN = "B0PENNYWR1"


def _linked(body: str) -> list[str]:
    return linked_products(Page(f"<html><body>{body}</body></html>", MARKETPLACES["us"]), OWN)


def test_variations_links_and_what_is_shown_beside_are_found_once_each_in_this_order() -> None:
    body = """
    <a href="/Some-Kettle/dp/B000000001/ref=sr_1">a</a> <a href="https://www.amazon.com/gp/product/B000000002?th=1">b</a>
    <a href="/gp/aw/d/B000000003">c</a> <a href="/dp/B000000001">again</a> <div data-asin="B000000004"></div>
    <script>var d = {"dimensionToAsinMap" : {"0":"B000000009","1":"B000000008"}};</script>
    """
    assert _linked(body) == [f"B00000000{n}" for n in (9, 8, 1, 2, 3, 4)]


def test_the_page_itself_other_shops_and_what_cannot_be_a_product_are_passed_over() -> None:
    body = f"""
    <a href="/dp/{OWN}">self</a> <a href="https://www.amazon.de/dp/B000000001">other shop</a>
    <a href="//evil.example/dp/B000000002">elsewhere</a> <a href="/dp/1234567890">no ISBN</a>
    <a href="/dp/0306406152">an ISBN</a> <a href="https://[broken/dp/B000000003">broken</a>
    <a href="/dp/B000000004{"x" * 3000}">long</a> <a href="javascript:alert('/dp/B000000005')">script</a>
    """
    assert _linked(body) == ["0306406152"]


def test_a_page_that_names_thousands_is_cut_off() -> None:
    assert len(_linked("".join(f'<a href="/dp/B{n:09d}">x</a>' for n in range(5000)))) == MOST

"""The allow-list of hosts."""

from urllib.parse import urlsplit

from hypothesis import given
from hypothesis import strategies as st

from pennywren.model.marketplace import MARKETPLACES
from pennywren.model.product import ProductID
from pennywren.observe.hosts import Hosts
from pennywren.settings import Settings


@given(st.sampled_from(sorted(MARKETPLACES)), st.from_regex(r"B[A-Z0-9]{9}", fullmatch=True))
def test_every_address_is_a_product_page_of_the_marketplace(code: str, asin: str) -> None:
    address = Hosts.of(Settings()).page(ProductID(code, asin))
    parts = urlsplit(address.url)
    assert (parts.scheme, parts.netloc, parts.path) == ("https", MARKETPLACES[code].host, f"/dp/{asin}")
    assert address.host == MARKETPLACES[code].host
    assert not parts.query


def test_an_origin_that_is_set_takes_the_place_of_one_marketplace_only() -> None:
    hosts = Hosts.of(Settings(shop_origins={"us": "http://127.0.0.1:9000"}))
    assert hosts.page(ProductID("us", "B08N5WRWNW")).url == "http://127.0.0.1:9000/dp/B08N5WRWNW"
    assert hosts.robots("us").url == "http://127.0.0.1:9000/robots.txt"
    assert hosts.host("us") == "127.0.0.1:9000"
    assert hosts.host("de") == "www.amazon.de"

"""The allow-list of hosts."""

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pennywren.model.marketplace import MARKETPLACES
from pennywren.model.product import ProductID
from pennywren.observe.hosts import IMAGE_HOSTS, Hosts
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


@pytest.mark.parametrize(
    "found",
    [
        "https://m.media-amazon.com/images/I/71abc+DEF-L._AC_SL1500_.jpg",
        "https://images-na.ssl-images-amazon.com/images/I/41x%2BQ,L.png",
        "https://images-eu.ssl-images-amazon.com/images/I/a.webp",
    ],
)
def test_pictures_come_from_image_hosts_of_the_marketplaces(found: str) -> None:
    address = Hosts.of(Settings()).image(found)
    assert address is not None
    assert (address.url, address.host) == (found, urlsplit(found).netloc)
    assert "html" not in address.accept


@pytest.mark.parametrize(
    "found",
    [
        "http://m.media-amazon.com/images/I/a.jpg",
        "https://m.media-amazon.com:8443/images/I/a.jpg",
        "https://user@m.media-amazon.com/images/I/a.jpg",
        "https://m.media-amazon.com.example.com/images/I/a.jpg",
        "https://example.com/images/I/a.jpg",
        "https://m.media-amazon.com/images/I/../../a.jpg",
        "https://m.media-amazon.com/images/I/a.svg",
        "https://m.media-amazon.com/images/I/a.jpg?to=https://example.com/",
        "https://m.media-amazon.com/gp/a.jpg",
        "https://[::1/images/I/a.jpg",
        "https://127.0.0.1/images/I/a.jpg",
        "",
    ],
)
def test_nothing_else_is_a_picture_that_we_fetch(found: str) -> None:
    assert Hosts.of(Settings()).image(found) is None


@given(st.text(max_size=60))
def test_whatever_a_page_names_only_image_hosts_are_asked(found: str) -> None:
    address = Hosts.of(Settings()).image(f"https://{found}/images/I/a.jpg")
    assert address is None or address.host in IMAGE_HOSTS


def test_a_mirror_that_is_set_stands_in_for_all_image_hosts() -> None:
    address = Hosts.of(Settings(image_origin="http://127.0.0.1:9000/")).image(
        "https://m.media-amazon.com/images/I/a.jpg"
    )
    assert address is not None
    assert (address.url, address.host) == ("http://127.0.0.1:9000/images/I/a.jpg", "127.0.0.1:9000")

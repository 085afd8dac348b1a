"""Sitemaps come from strangers: they are read within bounds, and lead nowhere but to the shop itself."""

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pennywren.observe.hosts import Hosts
from pennywren.observe.sitemaps import MOST_ADDRESSES, MOST_BYTES, Sitemap, read_sitemap

HOSTS = Hosts({"us": "https://www.amazon.com", "de": "http://127.0.0.1:9"})


def test_pages_and_further_sitemaps_are_told_apart() -> None:
    pages = b"<urlset><url><loc> https://www.amazon.com/dp/B000000001?a=1&amp;b=2 </loc></url></urlset>"
    assert read_sitemap(pages) == Sitemap(("https://www.amazon.com/dp/B000000001?a=1&b=2",), of_sitemaps=False)
    index = b'<sitemapindex xmlns="x"><sitemap><loc><![CDATA[https://www.amazon.com/a.xml.gz]]></loc></sitemap>'
    assert read_sitemap(gzip.compress(index)) == Sitemap(("https://www.amazon.com/a.xml.gz",), of_sitemaps=True)


def test_a_bomb_is_inflated_no_further_than_we_read() -> None:
    entry = b"<loc>https://www.amazon.com/dp/B000000001</loc>"
    bomb = gzip.compress(entry + b" " * (20 * MOST_BYTES) + entry, 9)
    assert len(bomb) < 500_000
    assert len(read_sitemap(bomb).addresses) == 1
    assert len(read_sitemap(entry * (MOST_ADDRESSES + 5)).addresses) == MOST_ADDRESSES


def test_entities_and_half_a_file_cost_nothing_and_say_nothing() -> None:
    lol = b'<!DOCTYPE l [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><urlset><url><loc>&b;</loc></url></urlset>'
    assert read_sitemap(lol).addresses == ("&b;",)
    assert read_sitemap(gzip.compress(b"<urlset>")[:10] + b"\x00" * 40) == Sitemap((), of_sitemaps=False)
    assert read_sitemap(b"<html>Robot check</html>") == Sitemap((), of_sitemaps=False)


@given(st.binary(max_size=300))
def test_anything_can_be_read(body: bytes) -> None:
    assert len(read_sitemap(body).addresses) <= len(body)


@pytest.mark.parametrize(
    "named",
    [
        "https://evil.example/sitemap.xml",
        "https://www.amazon.com.evil.example/sitemap.xml",
        "https://www.amazon.com:8443/sitemap.xml",
        "https://user@www.amazon.com/sitemap.xml",
        "https://www.amazon.com/gp/cart",
        "https://www.amazon.com/sitemap.xml/../../gp/cart",
        "file:///etc/passwd.xml",
        "//www.amazon.com/sitemap.xml",
        "https://[broken/sitemap.xml",
        "",
    ],
)
def test_what_is_no_sitemap_of_the_shop_itself_is_not_fetched(named: str) -> None:
    assert HOSTS.sitemap("us", named) is None


def test_a_shops_own_sitemap_is_fetched_from_where_its_pages_are() -> None:
    address = HOSTS.sitemap("us", "http://www.amazon.com/sitemaps.f3053414d236e84.SitemapIndex_0.xml.gz")
    assert address is not None
    assert address.url == "https://www.amazon.com/sitemaps.f3053414d236e84.SitemapIndex_0.xml.gz"
    stood_in = HOSTS.sitemap("de", "https://www.amazon.de/sitemap.xml")
    assert stood_in is not None
    assert (stood_in.url, stood_in.host) == ("http://127.0.0.1:9/sitemap.xml", "127.0.0.1:9")

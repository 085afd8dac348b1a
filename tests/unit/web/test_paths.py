"""Product links inside of our addresses."""

from typing import Any
from urllib.parse import quote

import pytest

from pennywren.errors import BadProduct
from pennywren.web.serving.paths import product_in_path, with_link_in_one_segment

LINK = "https://www.amazon.de/Wasserkocher-1,7-l/dp/B08N5WRWNW/ref=sr_1_1?keywords=a%2Fb"
LINKS = [
    LINK,
    "www.amazon.de/dp/B08N5WRWNW",
    "amazon.de/dp/B08N5WRWNW/",
    "https:/amazon.de/dp/B08N5WRWNW",
]
PLAIN = [
    "/products/us:B08N5WRWNW",
    "/products/us:B08N5WRWNW/watch",
    "/products/us:B08N5WRWNW/history",
    "/products/us:B08N5WRWNW/points/2025-11-25T10:40:00.123Z/proof",
    "/products/B08N5WRWNW/history",
    # No link has so little in it, but neither is what stands behind it a part of one.
    "/products/0.A/price",
    "/products/0.A",
    "/products",
    "/subscriptions/1",
    "/",
    "/a/b/c",
]


@pytest.mark.parametrize(
    "rest", ["", "/history", "/feed.atom", "/watch", "/price", "/live", "/targets", "/points/1764067200/proof"]
)
@pytest.mark.parametrize(
    "link", [LINK, "www.amazon.de/dp/B08N5WRWNW", "amazon.de/dp/B08N5WRWNW/", "https:/amazon.de/dp/B08N5WRWNW"]
)
def test_a_link_is_one_segment_for_the_router(link: str, rest: str) -> None:
    path = with_link_in_one_segment(f"/products/{link}{rest}")

    first, products, segment, *following = path.split("/")
    assert (first, products) == ("", "products")
    assert following == rest.split("/")[1:]
    assert str(product_in_path(segment, "us")) == "de:B08N5WRWNW"


@pytest.mark.parametrize("path", PLAIN)
def test_other_paths_stay_as_they_are(path: str) -> None:
    assert with_link_in_one_segment(path) == path


@pytest.mark.parametrize("segment", ["", "x", "https:%2F%2Fexample.com%2Fdp%2FB08N5WRWNW", "%00", "\udcff", "B" * 999])
def test_what_is_no_product_says_so(segment: Any) -> None:
    with pytest.raises(BadProduct):
        product_in_path(segment, "us")


def test_an_encoded_link_decodes_to_the_same_product() -> None:
    assert str(product_in_path(quote(LINK, safe=""), "us")) == "de:B08N5WRWNW"

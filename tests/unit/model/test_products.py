"""Everything that a person may type for a product, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pennywren.errors import BadProduct
from pennywren.model.marketplace import MARKETPLACES
from pennywren.model.product import ProductID, is_asin

KETTLE = ProductID("us", "B08N5WRWNW")


@pytest.mark.parametrize(
    "typed",
    [
        "us:B08N5WRWNW",
        " B08N5WRWNW\n",
        "b08n5wrwnw",
        "US:b08n5wrwnw",
        "https://www.amazon.com/dp/B08N5WRWNW",
        "https://www.amazon.com/Some-Kettle-1-7l/dp/B08N5WRWNW/ref=sr_1_1?keywords=kettle&th=1",
        "http://amazon.com/gp/product/B08N5WRWNW?psc=1",
        "www.amazon.com/gp/aw/d/B08N5WRWNW",
        "https://smile.amazon.com/dp/B08N5WRWNW#reviews",
        "https://www.amazon.com/exec/obidos/ASIN/B08N5WRWNW/",
        "https://www.amazon.com/product-reviews/B08N5WRWNW",
        "https://www.amazon.com/K%C3%A4se/dp/B08N5WRWNW",
    ],
)
def test_what_a_person_may_type(typed: str) -> None:
    assert ProductID.parse(typed) == KETTLE


def test_a_link_names_its_own_marketplace_and_a_bare_asin_the_default() -> None:
    assert ProductID.parse("https://www.amazon.de/dp/B08N5WRWNW", "us") == ProductID("de", "B08N5WRWNW")
    assert ProductID.parse("B08N5WRWNW", "jp") == ProductID("jp", "B08N5WRWNW")


@pytest.mark.parametrize(
    ("typed", "because"),
    [
        ("", "no product given"),
        ("B08N5WRWN", "ten letters and digits"),
        ("1234567890", "check digit"),
        ("xx:B08N5WRWNW", "not a marketplace"),
        ("https://www.amazon.com/s?k=kettle", "no product in this link"),
        ("https://evil.example/dp/B08N5WRWNW", "not a marketplace that Pennywren follows"),
        ("https://www.amazon.com.evil.example/dp/B08N5WRWNW", "not a marketplace that Pennywren follows"),
        ("ftp://www.amazon.com/dp/B08N5WRWNW", "not a web link"),
        ("https://[/dp/B08N5WRWNW", "not a link that can be read"),
        ("https://www.amazon.com/dp/B08N5WRWNWX", "no product in this link"),
        ("x" * 5000, "5000 characters"),
    ],
)
def test_what_is_refused_says_why(typed: str, because: str) -> None:
    with pytest.raises(BadProduct, match=because):
        ProductID.parse(typed)


@given(st.text(max_size=200))
def test_any_text_is_a_product_or_a_clear_refusal(typed: str) -> None:
    try:
        product = ProductID.parse(typed)
    except BadProduct:
        return
    assert product.marketplace in MARKETPLACES
    assert is_asin(product.asin)


@pytest.mark.parametrize("code", list(MARKETPLACES))
def test_every_product_reads_back_from_its_text_and_its_url(code: str) -> None:
    product = ProductID(code, "B08N5WRWNW")
    assert ProductID.parse(str(product)) == product
    assert ProductID.parse(product.url) == product

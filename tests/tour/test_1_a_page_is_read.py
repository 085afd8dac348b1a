"""What a page says, and when we rather say nothing."""

from pennywren.local.shop.goods import HERO
from pennywren.local.shop.pages import captcha_page, product_page
from pennywren.observe.page import read_page


def test_a_product_page_says_what_its_buy_button_costs() -> None:
    page = product_page(HERO, 1299)

    reading = read_page(page, "us")

    assert reading.kind == "product"
    assert reading.product_id == str(HERO.id)
    assert reading.title == HERO.title
    assert reading.offers["buybox"].price == 1299
    assert reading.offers["buybox"].currency == "USD"


def test_where_nothing_can_be_bought_there_is_no_price_rather_than_zero() -> None:
    reading = read_page(product_page(HERO, None), "us")

    assert reading.kind == "product"
    assert reading.offers["buybox"].price is None


def test_a_page_whose_places_disagree_is_not_believed() -> None:
    page = product_page(HERO, 1299)
    tampered = page.replace("12.99", "1.99", 1)
    assert tampered != page

    reading = read_page(tampered, "us")

    assert reading.kind == "unreadable"
    assert reading.reason


def test_a_block_page_is_recognised_and_is_never_a_price() -> None:
    reading = read_page(captcha_page(), "us")

    assert reading.kind == "captcha"
    assert reading.offers == {}

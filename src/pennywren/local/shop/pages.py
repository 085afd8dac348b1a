"""The shop's pages as HTML: products, robot checks, failures; and their pictures as SVG. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from pennywren.history.chart_png import render_png
from pennywren.local.shop.goods import Good
from pennywren.model.money import format_amount, minor_digits


@dataclass(frozen=True, slots=True)
class _Words:
    """How a marketplace writes and speaks."""

    pattern: str
    """`{symbol}{amount}` or the other way round."""
    symbol: str
    decimal: str
    group: str
    in_stock: str
    unavailable: str
    add_to_cart: str
    sold_by: str
    about: str
    beside: str


_WORDS: Final = {
    "us": _Words("{symbol}{amount}", "$", ".", ",", "In Stock", "Currently unavailable.", "Add to Cart", "Sold by",
                 "About this item", "Shown together with this item"),
    "uk": _Words("{symbol}{amount}", "£", ".", ",", "In stock", "Currently unavailable.", "Add to Basket", "Sold by",
                 "About this item", "Shown together with this item"),
    "de": _Words("{amount}\N{NO-BREAK SPACE}{symbol}", "€", ",", ".", "Auf Lager", "Derzeit nicht verfügbar.",
                 "In den Einkaufswagen", "Verkäufer", "Info zu diesem Artikel", "Dazu passt"),
    "jp": _Words("{symbol}{amount}", "￥", "", ",", "在庫あり。", "現在在庫切れです。", "カートに入れる", "販売元",
                 "この商品について", "この商品と一緒に表示"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Shown:
    """A price in the pieces that a page writes it in."""

    whole: str
    fraction: str
    decimal: str
    symbol: str
    text: str
    plain: str


def _shown(minor: int, currency: str, words: _Words) -> _Shown:
    units, rest = divmod(minor, 10 ** minor_digits(currency))
    whole = f"{units:,}".replace(",", words.group)
    fraction = f"{rest:0{minor_digits(currency)}d}" if minor_digits(currency) else ""
    amount = f"{whole}{words.decimal}{fraction}" if fraction else whole
    text = words.pattern.format(symbol=words.symbol, amount=amount)
    return _Shown(whole, fraction, words.decimal, words.symbol, text, format_amount(minor, currency))


@cache
def _initial(good: Good) -> str:
    """A letter that every font has."""
    letters = (letter for letter in f"{good.title} {good.id.asin}" if letter.isascii() and letter.isalpha())
    return next(letters).upper()


def _template(name: str) -> Template:
    loader = FileSystemLoader(Path(__file__).parent / "templates")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined).get_template(name)


def product_page(good: Good, price: int | None, beside: Sequence[Good] = ()) -> str:
    """A product's page; `price` in minor units, None where it is out of stock. `beside` are shown as well."""
    words = _WORDS[good.id.marketplace]
    shown = None if price is None else _shown(price, good.currency, words)
    language = good.id.market.language
    return _template("product.html").render(good=good, words=words, price=shown, language=language, beside=beside)


def captcha_page() -> str:
    """A robot check, as shops serve it with status 200."""
    return _template("captcha.html").render()


def failure_page(status: int, title: str) -> str:
    """A page that says what failed."""
    return _template("failure.html").render(status=status, title=title)


def front_page(goods: tuple[Good, ...]) -> str:
    """The list of all that is sold."""
    return _template("front.html").render(goods=goods)


def picture(good: Good) -> str:
    """A product's picture."""
    return _template("picture.svg").render(hue=good.hue, initials=_initial(good), title=good.title)


@cache
def picture_png(good: Good) -> bytes:
    """The same as a bitmap, as image hosts serve it."""
    return render_png(picture(good))

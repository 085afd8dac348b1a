"""The layout since 2020: `.a-price` elements in `#corePrice…` (buy box) and `#corePriceDisplay…` (middle column).

Such an element writes its price up to three times: `.a-offscreen` for screen readers, whole and fraction for the eye,
and a spoken label beside it ("$32.97 with 34 percent savings"). They must say the same, or the element is garbled.
"""

import re
from typing import Final

from selectolax.lexbor import LexborNode

from pennywren.model.marketplace import Marketplace
from pennywren.model.money import minor_digits
from pennywren.observe.page.dom import Page, attr, classes, inside, path, text
from pennywren.observe.page.numbers import Money, bare, currency_of, moneys, read_groups, tidy
from pennywren.observe.page.place import Place, Weight, is_other_amount, row_of

BUY_BOX: Final = re.compile(
    r"buybox|buyBoxAccordion|desktop_buybox|qualifiedBuybox|rightCol|apex_offerDisplay|mobile_buybox"
)
"""Ids of what holds the buy box, at the right on a desktop."""

_HEADLINE: Final = (
    '[id^="corePriceDisplay_"] .a-price, [id^="corePrice_desktop"] .a-price, [id^="corePrice_mobile"] .a-price, '
    '[id^="apex_desktop"] .priceToPay, [id^="apex_desktop"] .apexPriceToPay'
)
_BOX: Final = "corePrice_feature_div"
_PAYABLE: Final = frozenset(
    {
        "priceToPay",
        "apexPriceToPay",
        "apex-pricetopay-value",
        "reinventPricePriceToPayMargin",
        "reinventPriceAccordionT2",
    }
)
PRICE_BLOCKS: Final = re.compile(r"corePrice|apex_desktop|priceblock_|price_feature_div")


def places(page: Page) -> list[Place]:
    """What the `.a-price` elements of this layout say."""
    found: list[Place] = []
    seen: set[int] = set()
    for node in [*_boxes(page), *_headlines(page)]:
        if node.mem_id in seen:
            continue
        seen.add(node.mem_id)
        place = read_element(page, node, "box" if inside(node, BUY_BOX) else "headline")
        if place is not None:
            found.append(place)
    return found


def _boxes(page: Page) -> list[LexborNode]:
    """The first price of each box: instalments and the like come after it."""
    firsts = (next((n for n in holder.css(".a-price") if _is_payable(n)), None) for holder in page.ids(_BOX))
    return [node for node in firsts if node is not None]


def _headlines(page: Page) -> list[LexborNode]:
    """The elements that are named as the price to pay, else whatever the block has."""
    nodes = [node for node in page.css(_HEADLINE) if _is_payable(node)]
    return [node for node in nodes if classes(node) & _PAYABLE] or nodes


def shows_range(page: Page) -> bool:
    """Whether the headline names a span of prices, because a size or colour is not chosen yet."""
    return any(inside(node, PRICE_BLOCKS) for node in page.css(".a-price-range"))


def read_element(page: Page, node: LexborNode, family: str, weight: Weight = Weight.VISIBLE) -> Place | None:
    """One `.a-price` element; None where it is empty."""
    spoken = node.css_first(".a-offscreen")
    readings = [
        _spoken(spoken, page.market),
        _parts(node, page.market),
        _label(node, page.market) if family == "headline" else None,
    ]
    written = [r for r in readings if r is not None]
    if not written:
        return None
    minors = {r.minor if isinstance(r, Money) else None for r in written}
    currencies = {r.currency for r in written if isinstance(r, Money) and r.currency}
    sure = len(minors) == 1 and None not in minors and len(currencies) <= 1
    row, option = row_of(node)
    return Place(
        family=family,
        weight=weight,
        amounts=frozenset(m for m in minors if m is not None) if sure else frozenset(),
        currency=next(iter(currencies)) if len(currencies) == 1 else None,
        where=path(node),
        shown=text(node, 60),
        row=row,
        option=option,
        renderings=len(written),
    )


def _is_payable(node: LexborNode) -> bool:
    if is_other_amount(node):
        return False
    own = classes(node)
    # Unit prices and list prices are "a-text-price"; the 2021 layout gives its payable price that class as well.
    return "a-text-price" not in own or bool(own & _PAYABLE)


class _Garbled:
    """Something is written that is not an amount."""


def _spoken(node: LexborNode | None, market: Marketplace) -> Money | _Garbled | None:
    shown = tidy(node.text()) if node is not None else ""
    return (bare(shown, market) or _Garbled()) if shown else None


def _parts(node: LexborNode, market: Marketplace) -> Money | _Garbled | None:
    """Symbol, whole and fraction; or the one text for the eye where it is not split."""
    whole = node.css_first(".a-price-whole")
    fraction = node.css_first(".a-price-fraction")
    if whole is None:
        eye = node.css_first("[aria-hidden=true]")
        shown = tidy(eye.text()) if eye is not None else ""
        if fraction is not None:
            return _Garbled()
        return (bare(shown, market) or _Garbled()) if shown else None
    mark = whole.css_first(".a-price-decimal")
    symbol = node.css_first(".a-price-symbol")
    currency = currency_of(symbol.text(), market) if symbol is not None and symbol.text().strip() else None
    digits = minor_digits(currency or market.currency)
    cents = tidy(fraction.text()) if fraction is not None else ""
    units = tidy(whole.text(deep=False)) or tidy(whole.text().removesuffix(mark.text() if mark else ""))
    main = read_groups(units.rstrip(".,"), currency or market.currency)
    split = (mark is not None and bool(mark.text().strip())) or units.endswith((".", ","))
    if main is None or split != bool(cents) or (cents and not re.fullmatch(rf"[0-9]{{{max(digits, 1)}}}", cents)):
        return _Garbled()
    if symbol is not None and symbol.text().strip() and currency is None:
        return _Garbled()
    return Money(main * 10**digits + (int(cents or 0) if digits else 0), currency)


def _label(node: LexborNode, market: Marketplace) -> Money | _Garbled | None:
    """The spoken label in front of the element, if it names one amount."""
    parent = node.parent
    if parent is None:
        return None
    for near in parent.css(".aok-offscreen"):
        about_unit = "apex-priceperunit-accessibility-label" in classes(near)
        if near.parent != parent or about_unit or "per" in attr(near, "id"):
            continue
        said = moneys(near.text(), market)
        return (said[0] or _Garbled()) if len(said) == 1 else None
    return None

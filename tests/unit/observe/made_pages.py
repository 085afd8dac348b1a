"""Product pages of our own making: one function per layout family, with the parts that a test wants to vary."""

from typing import Final

ASIN: Final = "B0TESTASIN"
OTHER: Final = "B0OTHERONE"


def page(*parts: str, asin: str = ASIN, title: str = "A thing", host: str = "www.amazon.com", head: str = "") -> str:
    """A product page around `parts`: title, canonical link, and the form that names the ASIN."""
    return f"""<!doctype html><html><head><title>x</title>
    <link rel="canonical" href="https://{host}/A-thing/dp/{asin}">{head}</head><body>
    <div id="dp"><div id="dp-container">
    <div id="centerCol"><span id="productTitle"> {title} </span></div>{"".join(parts)}
    <form id="addToCart"><input type="hidden" id="ASIN" name="ASIN" value="{asin}"></form>
    <div id="averageCustomerReviews" data-asin="{asin}"></div></div></div></body></html>"""


def a_price(
    text: str, symbol: str = "$", whole: str = "", mark: str = ".", cents: str = "", names: str = "", parts: bool = True
) -> str:
    """An `.a-price` element: spoken text, and symbol, whole and fraction (taken from `text` unless given)."""
    if not whole:
        bare = text.replace(symbol, "").strip("\u00a0 ")
        whole, mark, cents = (*bare.rpartition(mark),) if mark and mark in bare else (bare, "", "")
    point = f'<span class="a-price-decimal">{mark}</span>' if mark else ""
    fraction = f'<span class="a-price-fraction">{cents}</span>' if cents else ""
    eye = (
        f'<span class="a-price-symbol">{symbol}</span><span class="a-price-whole">{whole}{point}</span>{fraction}'
        if parts
        else text
    )
    return (
        f'<span class="a-price {names}"><span class="a-offscreen">{text}</span>'
        f'<span aria-hidden="true">{eye}</span></span>'
    )


def headline(price: str, row: str = "", beside: str = "") -> str:
    """The middle column of the present layout, in an accordion row's part if `row` is given."""
    part = f'<div id="apex_desktop_{row}">' if row else "<div>"
    return (
        f'<div id="apex_desktop">{part}<div id="corePriceDisplay_desktop_feature_div">{price}{beside}</div></div></div>'
    )


def box(price: str, inside: str = "") -> str:
    """The buy box of the present layout."""
    return (
        f'<div id="rightCol"><div id="desktop_buybox"><div id="buybox"><div id="corePrice_feature_div">{price}</div>'
        f"{inside}</div></div></div>"
    )


def button(name: str = "add-to-cart-button") -> str:
    """The buy button."""
    return f'<input type="submit" id="{name}" name="submit.add-to-cart" value="Add to cart">'


def stock(text: str = "In Stock") -> str:
    """The availability line."""
    return f'<div id="availability"><span>{text}</span></div>'


def hidden(identity: str, value: str) -> str:
    """A hidden input."""
    return f'<input type="hidden" id="{identity}" name="{identity}" value="{value}">'


def row(name: str, price: str, inside: str = "", active: bool = False) -> str:
    """A row of the buy box's accordion."""
    state = " a-accordion-active" if active else ""
    return f'<div id="{name}" class="a-box{state}"><div id="corePrice_feature_div">{price}</div>{inside}</div>'


def rows(*parts: str) -> str:
    """A buy box with several ways of buying."""
    return f'<div id="rightCol"><div id="buybox"><div id="buyBoxAccordion">{"".join(parts)}</div></div></div>'


def modern(text: str = "$17.95", symbol: str = "$", mark: str = ".", **around: str) -> str:
    """The usual page of today: headline, buy box, hidden witness, button, availability."""
    pay = a_price(text, symbol=symbol, mark=mark, names="priceToPay")
    return page(headline(pay), box(a_price(text, symbol=symbol, mark=mark), button() + stock()), **around)

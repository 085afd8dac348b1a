"""Which product the page is about: ASIN, parent, title, image, and the marketplace that the page names itself."""

import re
from collections import Counter
from typing import Final
from urllib.parse import urlsplit

from pennywren.model.marketplace import Marketplace, marketplace_of_host
from pennywren.model.product import is_asin
from pennywren.observe.page.dom import Page, attr, path, text
from pennywren.observe.page.evidence import clean, told
from pennywren.observe.page.reading import MAX_TITLE, Evidence

_FORM: Final = '#ASIN, input[name="ASIN"], input[name="ASIN.0"], input[name="items[0.base][asin]"]'
_WITNESSES: Final = (
    ("#attach-baseAsin", "value"),
    ("#cerberus-data-metrics", "data-asin"),
    ("#averageCustomerReviews", "data-asin"),
    ("#all-offers-display-params", "data-asin"),
    ("#title_feature_div", "data-csa-c-asin"),
    ("#corePrice_feature_div", "data-csa-c-asin"),
    ("#apex_desktop", "data-csa-c-asin"),
    ("#availability_feature_div", "data-csa-c-asin"),
    ("#imageBlock_feature_div", "data-csa-c-asin"),
)
# These begin with a literal, so that a page of two megabytes is searched in a millisecond.
_IN_SCRIPTS: Final = re.compile(
    r"Asin(?:(?<=currentAsin)|(?<=mediaAsin)|(?<=landingAsin)|(?<=winningAsin))[\"']"
    r"\s{0,3}:\s{0,3}[\"']([A-Z0-9]{10})[\"']"
)
_PARENT: Final = re.compile(r"(parent(?:Asin|_asin))[\"']\s{0,3}:\s{0,3}[\"']([A-Z0-9]{10})[\"']")
_IN_LINK: Final = re.compile(r"/(?:dp|gp/product|gp/aw/d|exec/obidos/ASIN)/([A-Z0-9]{10})(?=[/?#]|\Z)")
_TITLES: Final = (
    "productTitle",
    "ebooksProductTitle",
    "btAsinTitle",
    "gc-asin-title",
    "mas-title",
    "item_name",
    "title",
)
_IMAGES: Final = (
    "landingImage",
    "imgBlkFront",
    "ebooksImgBlkFront",
    "main-image",
    "prodImage",
    "original-main-image",
)
_IMAGE_HOST: Final = re.compile(r"\Ahttps?://[a-z0-9.\-]{1,80}\.(?:media-amazon|ssl-images-amazon|images-amazon)\.com/")
_HI_RES: Final = re.compile(r'https?://[^"\s]{10,300}')


def canonical(page: Page) -> str:
    """The page's own address, as its canonical link or og:url says."""
    for selector, name in (("link[rel=canonical]", "href"), ('meta[property="og:url"]', "content")):
        for node in page.css(selector):
            if attr(node, name):
                return attr(node, name)[:2000]
    return ""


def named_marketplace(page: Page) -> Marketplace | None:
    """The marketplace of the page's own address, where it names one."""
    try:
        host = urlsplit(canonical(page)).hostname
    except ValueError:
        return None
    return marketplace_of_host(host) if host else None


def find_asin(page: Page) -> tuple[str | None, list[Evidence]]:
    """The ASIN that at least two places agree on, the buy form leading: the canonical link may name the parent."""
    forms = [(attr(n, "value"), path(n)) for n in page.css(_FORM)]
    others = [(attr(n, name), selector) for selector, name in _WITNESSES for n in page.css(selector)]
    others += [(m[1], "script") for m in _IN_SCRIPTS.finditer(page.source)]
    linked = _IN_LINK.search(canonical(page))
    links = [(linked[1], "link[rel=canonical]")] if linked else []

    formed = _count(forms)
    known = _count([*others, *links])
    if len(formed) == 1:
        asin = next(iter(formed))
        # Two different forms agree with each other; two copies of one field do not count twice.
        sure = asin in known or not known or len({where for a, where in forms if a == asin}) > 1
    elif formed:
        # Forms for several products on one page: the one that everything else is about.
        best = [a for a in formed if a in known]
        asin, sure = (best[0], True) if len(best) == 1 else ("", False)
    else:
        asin = known.most_common(1)[0][0] if known else ""
        # The link alone may name a parent; nothing but the link is still the best that such a page has.
        sure = len(known) == 1
    if not sure:
        return None, []
    where = [w for a, w in [*forms, *others, *links] if a == asin]
    return asin, [line for w in list(dict.fromkeys(where))[:4] for line in told("asin", asin, w)]


def _count(found: list[tuple[str, str]]) -> Counter[str]:
    return Counter(asin for asin, _ in found if is_asin(asin))


def find_parent(page: Page) -> tuple[str | None, list[Evidence]]:
    """The variation family's ASIN, where the scripts name exactly one."""
    parents = {m[2]: m[1] for m in _PARENT.finditer(page.source)}
    if len(parents) != 1:
        return None, []
    ((parent, name),) = parents.items()
    return parent, told("parentAsin", parent, f"script {name}")


def find_title(page: Page) -> tuple[str | None, list[Evidence]]:
    """The product's title, without control characters and direction overrides, clipped."""
    for name in _TITLES:
        for node in page.ids(name):
            title = clean(text(node, 4 * MAX_TITLE), MAX_TITLE)
            if title:
                return title, told("title", title, node)
    return None, []


def find_image(page: Page) -> tuple[str | None, list[Evidence]]:
    """The address of the product's picture at the shop's image host; never an inline picture or a saved copy's path."""
    for node in page.ids(*_IMAGES):
        spots = [
            ("data-old-hires", attr(node, "data-old-hires")),
            *(("data-a-dynamic-image", spot) for spot in _HI_RES.findall(attr(node, "data-a-dynamic-image"))[:1]),
            ("src", attr(node, "src")),
        ]
        for name, spot in spots:
            address = spot.strip()
            if len(address) <= 400 and _IMAGE_HOST.match(address):
                return address, told("image", address, f"{path(node)}[{name}]")
    for node in page.css('meta[property="og:image"]'):
        address = attr(node, "content").strip()
        if len(address) <= 400 and _IMAGE_HOST.match(address):
            return address, told("image", address, "meta[property=og:image]")
    return None, []

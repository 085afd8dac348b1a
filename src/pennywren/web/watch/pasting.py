"""Paste of a wish list: product links and ASINs are found in whatever text it is."""

import re
from dataclasses import dataclass
from typing import Annotated, Final

from litestar import post
from msgspec import Meta

from pennywren.accounts.subscription import NotificationType
from pennywren.errors import BadInput, BadProduct, RateLimited, Unavailable
from pennywren.model.product import ProductID
from pennywren.pipeline.tracking import track
from pennywren.postgres import catalogue
from pennywren.web.product.home import show_home
from pennywren.web.rendering.pages import html_page, language_of
from pennywren.web.resources import resources_of
from pennywren.web.serving.body import read_body
from pennywren.web.serving.headers import PRIVATE
from pennywren.web.serving.identity import person_or_none
from pennywren.web.serving.limits import spend_for_unknown
from pennywren.web.serving.shown_again import shown_again
from pennywren.web.shapes.views import NewSubscription, Question
from pennywren.web.types import Answer, Request
from pennywren.web.watch.import_rows import import_rows

MOST: Final = 100
"""Products that one list may bring."""
_WORD: Final = re.compile(r"[^\s,;<>\"'|]+")
_LOOKS_LIKE_ONE: Final = re.compile(r"https?://|/dp/|amazon\.|\A(?:[a-z]{2}:)?(?:B0[A-Z0-9]{8}|[0-9]{9}[0-9X])\Z", re.I)


class LinksForm(Question):
    """A list as pasted."""

    links: Annotated[str, Meta(max_length=40_000)]


@dataclass(frozen=True, slots=True)
class Found:
    """What was found in a text, in its order, each once."""

    products: list[ProductID]
    unread: list[str]
    """What looks like a product and is none."""


def find_products(text: str, default_marketplace: str) -> Found:
    """The products that a text names by link, by ASIN, or as `us:B0…`."""
    products: dict[ProductID, None] = {}
    unread: dict[str, None] = {}
    for word in _WORD.findall(text):
        if not _LOOKS_LIKE_ONE.search(word):
            continue
        try:
            products[ProductID.parse(word.rstrip(".)]"), default_marketplace)] = None
        except BadProduct:
            unread[word[:120]] = None
    return Found(list(products), list(unread))


@post("/products/list", status_code=200)
@shown_again(show_home.fn)
async def track_list(request: Request) -> Answer:
    """Follow all products of a list."""
    resources = resources_of(request)
    form = await read_body(request, LinksForm)
    found = find_products(form.links, resources.settings.default_marketplace)
    if not found.products:
        raise BadInput("There is no product link and no ASIN in this text: a product link has /dp/ in it.")
    person = await person_or_none(request)
    followed: list[ProductID] = []
    later = found.products[MOST:]
    for i, product in enumerate(found.products[:MOST]):
        try:
            is_known = await spend_for_unknown(request, product, person)
        except RateLimited:
            later = [*found.products[i:MOST], *later]
            break
        if not is_known:
            await track(resources.client, resources.pool, [product], urgent=True)
        followed.append(product)
    titles = await _titles(request, followed)
    wishes = [NewSubscription(str(product), NotificationType.EMAIL) for product in followed]
    return html_page(
        request,
        "pasted.html",
        rows=await import_rows(resources, person, wishes, language_of(request)) if person else [],
        headers={"cache-control": PRIVATE},
        products=[(product, titles.get(product)) for product in followed],
        later=later,
        unread=found.unread[:MOST],
    )


async def _titles(request: Request, products: list[ProductID]) -> dict[ProductID, str]:
    try:
        return await catalogue.titles(resources_of(request).pool, products)
    except Unavailable:
        return {}

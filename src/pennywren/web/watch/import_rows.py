"""Rows of a list that somebody brought, before they are watched: with titles, prices and a target to begin with."""

from dataclasses import dataclass
from typing import Final

import msgspec

from pennywren.accounts.people import Person
from pennywren.accounts.subscription import Subscription
from pennywren.language.speaking import Language
from pennywren.model.money import MIN_PRICE
from pennywren.model.product import ProductID
from pennywren.model.rule import kind_of
from pennywren.model.series import OfferState
from pennywren.postgres import catalogue
from pennywren.web.resources import Resources
from pennywren.web.shapes.views import NewSubscription
from pennywren.web.watch.watch_rows import held_by

_LESS: Final = 10
"""A suggested target is so many percent below the price now."""


@dataclass(frozen=True, slots=True)
class ImportRow:
    """One line of the preview."""

    wish: NewSubscription
    product: ProductID
    title: str | None
    offer: OfferState | None
    currency: str
    target: str
    """As a field shows it: what the list says, else something to begin with."""
    held: Subscription | None
    """The watch that the person has of it already."""

    @property
    def packed(self) -> str:
        """What a form brings back."""
        return msgspec.json.encode(self.wish).decode()


async def import_rows(
    resources: Resources,
    person: Person,
    wishes: list[NewSubscription],
    speaking: Language,
    targets: list[str] | None = None,
) -> list[ImportRow]:
    """Rows of the preview, with titles, prices, suggested targets, and what the person watches already."""
    products = [ProductID.parse(wish.product_id) for wish in wishes]
    titles = await catalogue.titles(resources.pool, products)
    states = await resources.store.products(products)
    held = {
        (str(each.product), each.offer, each.notification_type, each.kind): each
        for each in await held_by(resources.pool, person.id)
    }
    rows: list[ImportRow] = []
    for i, (wish, product, state) in enumerate(zip(wishes, products, states, strict=True)):
        currency = state.currency if state else product.market.currency
        offer = state.offers.get(wish.offer) if state else None
        kind = "priceAtOrBelow" if wish.rule is None else kind_of(wish.rule)
        rows.append(
            ImportRow(
                wish, product, titles.get(product), offer, currency,
                targets[i] if targets else _target(wish, offer, currency, speaking),
                held.get((str(product), wish.offer, wish.notification_type, kind)),
            )
        )  # fmt: skip
    return rows


def _target(wish: NewSubscription, offer: OfferState | None, currency: str, speaking: Language) -> str:
    if wish.rule is not None:
        return ""
    minor = wish.threshold
    if minor is None and offer is not None and offer.last_price is not None:
        minor = max(offer.last_price * (100 - _LESS) // 100, MIN_PRICE)
    return "" if minor is None else speaking.figure(minor, currency)

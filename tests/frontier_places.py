"""Where products are in the frontier, as tests ask for it."""

from pennywren.frontier.places import places_of
from pennywren.model.product import ProductID
from pennywren.store.connect import Client


async def score_of(client: Client, product: ProductID) -> float | None:
    """The score of a product; None while it waits for nothing."""
    (place,) = await places_of(client, [product])
    return place.score


async def waiting(client: Client, products: list[ProductID]) -> list[ProductID]:
    """Those that have a place."""
    found = zip(products, await places_of(client, products), strict=True)
    return [product for product, place in found if place.score is not None]

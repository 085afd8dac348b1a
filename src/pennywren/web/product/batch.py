"""Many products in one answer, each with its state or with what is wrong with it."""

from typing import Annotated, Final

import msgspec
from litestar import get
from msgspec import UNSET, Meta, UnsetType

from pennywren.errors import BadProduct, BadQuery, NotFound, PennywrenError
from pennywren.model.product import ProductID
from pennywren.postgres import catalogue
from pennywren.web.resources import resources_of
from pennywren.web.serving.conditional import conditional
from pennywren.web.serving.problems import Problem, problem_of
from pennywren.web.shapes.views import Answer, ProductView, product_view
from pennywren.web.types import Answer as Reply
from pennywren.web.types import Request

MOST: Final = 100
_LONGEST: Final = 20_000


class BatchItem(Answer):
    """What was asked for, and either `product` or `problem`."""

    id: Annotated[str, Meta(description="As it was asked for.")]
    product: ProductView | UnsetType = UNSET
    problem: Problem | UnsetType = UNSET


class ProductBatch(Answer):
    """One item for each id, in the order of the question."""

    products: list[BatchItem]


@get("/products")
async def list_products(request: Request) -> Reply:
    """Several products now: `?ids=us:B08N5WRWNW,de:B000000001`, or `ids` several times."""
    resources = resources_of(request)
    asked = _ids(request.query_params.getall("ids", []))
    read = {text: _read(text, resources.settings.default_marketplace) for text in asked}
    wanted = list(dict.fromkeys(product for product in read.values() if isinstance(product, ProductID)))
    states = dict(zip(wanted, await resources.store.products(wanted), strict=True))
    rows = await catalogue.get_all(resources.pool, wanted)
    items: list[BatchItem] = []
    for text in asked:
        product = read[text]
        if isinstance(product, PennywrenError):
            items.append(BatchItem(text, problem=problem_of(product, f"/products/{text}")))
        elif states[product] is None and product not in rows:
            missing = NotFound(f"{product} is not followed here yet: POST it to /products.")
            items.append(BatchItem(text, problem=problem_of(missing, f"/products/{product}")))
        else:
            items.append(BatchItem(text, product_view(product, states[product], rows.get(product))))
    return conditional(request, msgspec.json.encode(ProductBatch(items)), "application/json")


def _ids(given: list[str]) -> list[str]:
    """The ids that were asked for.

    Raises:
        BadQuery: none, or too many.
    """
    asked = [part.strip() for text in given for part in text[:_LONGEST].split(",") if part.strip()]
    if not 1 <= len(asked) <= MOST:
        raise BadQuery(
            f"Ask for 1 to {MOST} products, such as ?ids=us:B08N5WRWNW,de:B000000001: these are {len(asked)}"
        )
    return asked


def _read(text: str, default_marketplace: str) -> ProductID | BadProduct:
    try:
        return ProductID.parse(text, default_marketplace)
    except BadProduct as error:
        return error

"""`track`: follow products."""

import asyncio

import click
import msgspec

from pennywren.cli.parts import open_parts
from pennywren.model.product import ProductID
from pennywren.pipeline.tracking import Tracked
from pennywren.pipeline.tracking import track as track_products
from pennywren.settings import load_settings


@click.command()
@click.argument("products", nargs=-1, required=True, metavar="PRODUCT-OR-URL...")
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object for each product.")
def track(products: tuple[str, ...], as_json: bool) -> None:
    """Follow the prices of products, and look at them soon.

    A product is an ASIN, MARKETPLACE:ASIN, or a product's address at a marketplace.

    \b
    Examples:
      pennywren track B08N5WRWNW de:B07FZ8S74R
      pennywren track https://www.amazon.co.uk/dp/B08N5WRWNW
    """
    default = load_settings().default_marketplace
    ids = list(dict.fromkeys(ProductID.parse(each, default) for each in products))
    for each in asyncio.run(_track(ids)):
        if as_json:
            shown = {"productID": str(each.product), "new": each.new, "urgent": each.urgent == "waiting"}
            click.echo(msgspec.json.encode(shown))
        else:
            click.echo(f"{each.product} {_said(each)}")


async def _track(products: list[ProductID]) -> list[Tracked]:
    async with open_parts() as parts:
        return await track_products(parts.store.client, parts.pool, products, urgent=True)


def _said(tracked: Tracked) -> str:
    known = "is tracked from now on" if tracked.new else "was tracked already"
    turn = "is looked at next" if tracked.urgent == "waiting" else "is looked at when its turn comes"
    return f"{known}, and {turn}"

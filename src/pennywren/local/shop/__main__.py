"""`python -m pennywren.local.shop --port PORT`: the demo shop as a process of its own."""

import asyncio
import sys

import click

from pennywren.local.shop.server import Shop, monotonic_ms, serve


@click.command()
@click.option("--port", type=int, required=True, help="Port of the loopback interface to listen on.")
@click.option("--seed", type=int, default=0, show_default=True, help="Other seeds move the prices otherwise.")
def main(port: int, seed: int) -> None:
    """Sell invented products whose prices move."""
    asyncio.run(serve(Shop(monotonic_ms, seed), port))


if __name__ == "__main__":
    sys.exit(main())

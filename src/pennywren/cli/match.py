"""`match`: from price changes to alerts."""

import asyncio
import signal

import click

from pennywren.pipeline.matching import open_matcher
from pennywren.settings import load_settings
from pennywren.tracing import tracing


@click.command()
def match() -> None:
    """Turn price changes into alerts for those who wait for them.

    Several may run: each partition of the changes is read by one of them at a time.

    \b
    Example:
      pennywren match
    """
    asyncio.run(_match())


async def _match() -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    settings = load_settings()
    with tracing(settings.tracing_url, "match"):
        async with open_matcher(settings) as matcher:
            await matcher.run(stop)

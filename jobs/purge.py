"""Forget old alerts, deliveries, decisions and finished fan-outs; once a day."""

import asyncio

from pennywren.pipeline import purging
from pennywren.settings import load_settings


def purge() -> None:
    """Purge once."""
    asyncio.run(purging.purge(load_settings()))

"""Find alerts that fell between two steps, and enqueue them."""

import asyncio

from pennywren.pipeline import sweeping
from pennywren.settings import load_settings


def sweep() -> None:
    """Sweep once."""
    asyncio.run(sweeping.sweep(load_settings()))

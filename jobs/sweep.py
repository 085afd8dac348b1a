"""Find alerts that fell between two steps, and enqueue them; put watches that were just set into the index again."""

import asyncio

from pennywren.pipeline import sweeping, watch_rebuild
from pennywren.settings import Settings, load_settings


def sweep() -> None:
    """Sweep once."""
    asyncio.run(_sweep(load_settings()))


async def _sweep(settings: Settings) -> None:
    await sweeping.sweep(settings)
    await watch_rebuild.put_again(settings)

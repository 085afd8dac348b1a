"""Send alerts: a batch of them in one job. Running it twice sends nothing twice."""

import asyncio

from pennywren.pipeline import channels
from pennywren.settings import load_settings


def deliver(alert_ids: list[int]) -> None:
    """Send what nobody has sent of these alerts."""
    asyncio.run(channels.deliver(load_settings(), alert_ids))

"""Send alerts: a batch of them in one job, and whatever else waits. Running it twice sends nothing twice."""

import asyncio
from collections.abc import Sequence

from pennywren.local.children import on_end
from pennywren.pipeline.delivery_job import open_delivery_job
from pennywren.settings import Settings, load_settings
from pennywren.tracing import tracing


def deliver(alert_ids: list[int]) -> None:
    """Send what nobody has sent of these alerts and of all that wait; told to end (SIGTERM), only what is under way."""
    settings = load_settings()
    with tracing(settings.tracing_url, "deliver"):
        asyncio.run(_deliver(settings, alert_ids))


async def _deliver(settings: Settings, alert_ids: Sequence[int]) -> None:
    async with open_delivery_job(settings) as job:
        on_end(job.stop)
        await job.run(alert_ids)

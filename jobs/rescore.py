"""Look again at watches that move with time or with their alerts, that end, or that wake; every 30 s, what is due."""

import asyncio

from pennywren.pipeline import rescoring
from pennywren.settings import load_settings


def rescore() -> int:
    """Look at what is due; how many subscriptions that were."""
    return asyncio.run(rescoring.rescore(load_settings()))

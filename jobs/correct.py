"""Look again at prices that were withdrawn: whoever was told one meanwhile is told so; every minute."""

import asyncio

from pennywren.pipeline import correcting
from pennywren.settings import load_settings


def correct() -> int:
    """Look once; how many people are told."""
    return asyncio.run(correcting.look_again(load_settings()))

"""Destroy keys and stored reports whose retention has ended; every hour."""

import asyncio

from pennywren.model.clock import system_clock
from pennywren.pipeline import report_logging
from pennywren.settings import load_settings


def forget_reports() -> int:
    """Forget once; how many reports went."""
    return asyncio.run(report_logging.forget(load_settings(), system_clock))

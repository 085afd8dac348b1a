"""`schedule`: what happens regularly."""

import os
import sys

import click

from pennywren.cli.parts import required
from pennywren.settings import load_settings


@click.command()
def schedule() -> None:
    """Enqueue what happens regularly.

    Becomes `python -m jobs.schedule`, which only enqueues: the workers do the work. Several may run at once.

    \b
    Example:
      pennywren schedule
    """
    required(load_settings(), "queue_url")
    os.execv(sys.executable, [sys.executable, "-m", "jobs.schedule"])  # noqa: S606  -- no shell, and argv is ours

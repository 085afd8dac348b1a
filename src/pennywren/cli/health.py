"""`health`: whether a part of this machine or container works, as an exit code."""

import socket
from contextlib import closing
from typing import Final

import click

from pennywren.cli.parts import required
from pennywren.errors import Unavailable
from pennywren.model.clock import SECOND, monotonic_clock, system_clock
from pennywren.pipeline.scheduling import LEASE
from pennywren.pipeline.signs_of_life import PARTS, last_sign
from pennywren.settings import Settings, load_settings
from pennywren.workqueue import QUEUES, WorkQueue

_WORKERS: Final = {f"worker-{queue}": queue for queue in QUEUES}
_MATCH_SILENT: Final = 60 * SECOND
"""A matcher looks each second, and says so between the transactions of a long step."""


@click.command()
@click.argument("part", metavar="PART", type=click.Choice((*PARTS, *_WORKERS)))
def health(part: str) -> None:
    """Say whether PART works here, and not only that its process exists.

    Exit code 1 if it does not: it is not running, it hangs, or what it needs does not answer. To be run in its
    container, or on its machine with the same settings. The API answers for itself: GET /readyz.

    \b
    match, archive, schedule    ended a round of their work a moment ago
    worker-crawl, worker-deliver, worker-upkeep
                                RQ heard of such a worker of this host a moment ago

    \b
    Example:
      pennywren health worker-crawl
    """
    settings = load_settings()
    if part in _WORKERS:
        heard, now, allowed = _worker(settings, _WORKERS[part]), system_clock(), _worker_silent(settings)
    else:
        heard, now, allowed = last_sign(settings.data_dir, part), monotonic_clock(), _silent(settings, part)
    click.echo(f"{part} works: {told(part, heard, now, allowed)}")


def told(part: str, heard: int | None, now: int, allowed: int) -> str:
    """How long ago `part` was heard of, in words; all in ms, `allowed` is how long it may be silent.

    Raises:
        Unavailable: too long ago, or never; says what to do.
    """
    if heard is None:
        raise Unavailable(f"{part} does not work here: there is no sign of it (its log says why)")
    if heard > now + SECOND:
        # By a clock that counts from the start of the machine.
        raise Unavailable(f"{part} does not work here: its last sign is from before this machine was started")
    if now - heard > allowed:
        raise Unavailable(
            f"{part} does not work: nothing was heard of it for {(now - heard) // SECOND} s, "
            f"and it may be silent for {allowed // SECOND} s (its log says why)"
        )
    return f"heard of {max(now - heard, 0) // SECOND} s ago"


def _worker(settings: Settings, queue: str) -> int | None:
    with closing(WorkQueue(required(settings, "queue_url"))) as work:
        return work.heard_of_worker(queue, socket.gethostname())


def _worker_silent(settings: Settings) -> int:
    """As long as `pennywren worker` lets RQ believe in it."""
    return settings.worker_silent_for * SECOND


def _silent(settings: Settings, part: str) -> int:
    """How long (ms) a part of which this machine keeps the signs may be silent."""
    return {
        "match": _MATCH_SILENT,
        # A look at all streams takes a while, too; each file that it writes is a sign.
        "archive": (2 * settings.archive_every + 60) * SECOND,
        "schedule": int(2 * LEASE) * SECOND,
    }[part]

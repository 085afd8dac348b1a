"""`worker`: runs the jobs of one queue."""

import logging
import os
import signal
from contextlib import suppress
from importlib import import_module
from types import FrameType
from typing import Any, Final, NoReturn

import click
from redis import Redis
from rq import Queue, Worker
from rq.job import Job
from rq.scheduler import RQScheduler
from rq.serializers import JSONSerializer

from pennywren.cli.parts import required
from pennywren.local.children import die_with_parent
from pennywren.settings import load_settings
from pennywren.workqueue import QUEUES

_LOADED_ONCE: Final = {"deliver": ("jobs.deliver",), "crawl": ("jobs.crawl",)}
"""Modules of the jobs that somebody waits for: each job runs in a fork of its own, and would load them anew. That took
longer than sending the mails, and kept an egress idle for a second or more each minute."""


class _Told(BaseException):
    """The scheduler is told to end."""


class _Scheduler(RQScheduler):
    """RQ's scheduler, which puts retries back into their queue; its process ends with the worker."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._worker = os.getpid()

    def work(self) -> None:
        """Put back what is due, each second."""
        die_with_parent(self._worker)
        try:
            super().work()
        except _Told:
            self.stop()

    def request_stop(self, signum: int | None = None, frame: FrameType | None = None) -> NoReturn:
        """End at once: RQ's own sleeps out its second first, in which its worker waits for it. What is interrupted is
        done or not, as where it is killed."""
        raise _Told


class MortalWorker(Worker):
    """An RQ worker whose processes end with it, even when it is killed: no job goes on unwatched.

    Told to end (SIGTERM), it tells the running job. A job that listens ends early; any other is finished first.
    """

    lost_after = 60
    """Seconds without a sign of life after which a job's worker counts as dead."""

    def get_heartbeat_ttl(self, job: Job, working_time: float = 0.0) -> int:
        """Seconds after which the job counts as abandoned if nothing is heard of it; RQ's own says a minute more."""
        return self.job_monitoring_interval + self.lost_after

    def fork_work_horse(self, job: Job, queue: Queue) -> None:
        """Fork the process that runs one job. SIGTERM is news for a job that listens (`children.on_end`) and must not
        tear another one apart, nor one that has just begun: in the fork it waits until somebody listens."""
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        super().fork_work_horse(job, queue)
        if self._stop_requested:
            self._tell_job()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})

    def main_work_horse(self, job: Job, queue: Queue) -> NoReturn:
        """The forked process that runs one job."""
        die_with_parent(self.pid or 0)
        super().main_work_horse(job, queue)

    def handle_warm_shutdown_request(self) -> None:
        """Tell the job that runs."""
        super().handle_warm_shutdown_request()
        self._tell_job()

    def _tell_job(self) -> None:
        if self.horse_pid:
            with suppress(ProcessLookupError):
                os.kill(self.horse_pid, signal.SIGTERM)

    def _start_scheduler(self, burst: bool = False, *_args: Any, **_options: Any) -> None:
        # As RQ's own, which names its class and takes no other.
        self.scheduler = _Scheduler(
            self.queues, connection=self.connection, logging_level=logging.WARNING, serializer=self.serializer
        )
        if self.scheduler.acquire_locks():
            self.scheduler.start()


class _PromptQueue(Queue):
    """A queue whose abandoned jobs are looked for again soon after whoever looked for them was killed.

    RQ's own lock lasts a quarter of an hour, in which no worker would find any (seen by `make chaos`).
    """

    lost_after = 60

    def acquire_maintenance_lock(self) -> bool:
        """Take the right to look for abandoned jobs; it ends by itself."""
        return bool(self.connection.set(self.registry_cleaning_key, 1, nx=True, ex=self.lost_after))


def make_worker(url: str, queue: str, *, lost_after: int = 60) -> MortalWorker:
    """A worker on one queue: on several it could lose a job between pop and start (rq #1716).

    A job whose worker was killed is found after `lost_after` seconds and a half.
    """
    connection = Redis.from_url(url)
    prompt = _PromptQueue(queue, connection=connection, serializer=JSONSerializer)
    prompt.lost_after = lost_after
    worker = MortalWorker(
        [prompt],
        connection=connection,
        serializer=JSONSerializer,  # never pickle: who can write to the queue could run anything
        maintenance_interval=max(lost_after // 2, 1),
        job_monitoring_interval=max(lost_after // 12, 1),
        worker_ttl=max(lost_after, 10),
        log_job_description=False,  # arguments may name people
    )
    worker.lost_after = lost_after
    return worker


@click.command()
@click.argument("queue", type=click.Choice(QUEUES))
def worker(queue: str) -> None:
    """Run the jobs of QUEUE, one at a time; run several for more.

    \b
    crawl    looks at products; each worker keeps one egress busy
    deliver  sends what people asked to be told
    upkeep   sweeps and repairs

    \b
    Example:
      pennywren worker crawl
    """
    settings = load_settings()
    for module in _LOADED_ONCE.get(queue, ()):
        import_module(module)
    make_worker(required(settings, "queue_url"), queue, lost_after=settings.worker_lost_after).work(
        with_scheduler=True, logging_level="WARNING"
    )

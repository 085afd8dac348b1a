"""`worker`: runs the jobs of one queue."""

import logging
import os
import signal
from contextlib import suppress
from typing import Any, NoReturn

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


class _Scheduler(RQScheduler):
    """RQ's scheduler, which puts retries back into their queue; its process ends with the worker."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._worker = os.getpid()

    def work(self) -> None:
        """Put back what is due, each second."""
        die_with_parent(self._worker)
        super().work()


class MortalWorker(Worker):
    """An RQ worker whose processes end with it, even when it is killed: no job goes on unwatched.

    Told to end (SIGTERM), it tells the running job. A job that listens ends early; any other is finished first.
    """

    def main_work_horse(self, job: Job, queue: Queue) -> NoReturn:
        """The forked process that runs one job."""
        die_with_parent(self.pid or 0)
        super().main_work_horse(job, queue)

    def setup_work_horse_signals(self) -> None:
        """SIGTERM is news for a job that listens, and must not tear another one apart."""
        super().setup_work_horse_signals()
        signal.signal(signal.SIGTERM, signal.SIG_IGN)

    def handle_warm_shutdown_request(self) -> None:
        """Tell the job that runs."""
        super().handle_warm_shutdown_request()
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


def make_worker(url: str, queue: str) -> MortalWorker:
    """A worker on one queue: on several it could lose a job between pop and start (rq #1716)."""
    connection = Redis.from_url(url)
    return MortalWorker(
        [Queue(queue, connection=connection, serializer=JSONSerializer)],
        connection=connection,
        serializer=JSONSerializer,  # never pickle: who can write to the queue could run anything
        maintenance_interval=30,  # with the next one: a job whose worker was killed runs again within 100 s
        job_monitoring_interval=5,
        worker_ttl=60,
        log_job_description=False,  # arguments may name people
    )


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
    make_worker(required(load_settings(), "queue_url"), queue).work(with_scheduler=True, logging_level="WARNING")

"""RQ: jobs are named, carry JSON, and have an id, so that enqueueing twice is enqueueing once."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, Retry, Worker
from rq.exceptions import DuplicateJobError, NoSuchJobError
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer

QUEUES: Final = ("crawl", "deliver", "upkeep")
"""One worker process listens on one queue: on several it can lose a job between pop and start."""

WAITS: Final = 600
"""Seconds after which a job that nobody started is forgotten, and its id is free again: RQ can lose a job between pop
and start (rq #1716). Who enqueues does so again: sweeps find alerts, and the scheduler's jobs come regularly."""

_ENDED: Final = (JobStatus.FAILED, JobStatus.STOPPED, JobStatus.CANCELED, JobStatus.FINISHED)


class WorkQueue:
    """Enqueues jobs. Nothing here imports `jobs`: a worker does, by name."""

    def __init__(self, url: str) -> None:
        self._redis = Redis.from_url(url, socket_timeout=10, socket_connect_timeout=3)

    def enqueue(
        self,
        queue: str,
        name: str,
        args: Sequence[Any],
        job_id: str,
        *,
        timeout: int = 120,
        retry: bool = True,
        waits: int = WAITS,
    ) -> bool:
        """Enqueue one job; False if a job of this id waits or runs. `timeout` is in seconds.

        With `retry` one that fails, or whose worker dies, runs again up to three times. One that nobody has
        started after `waits` seconds is forgotten.
        """
        if self._enqueue(queue, name, args, job_id, timeout, retry, waits):
            return True
        return self._forget_ended(job_id) and self._enqueue(queue, name, args, job_id, timeout, retry, waits)

    def _enqueue(
        self, queue: str, name: str, args: Sequence[Any], job_id: str, timeout: int, retry: bool, waits: int
    ) -> bool:
        try:
            Queue(queue, connection=self._redis, serializer=JSONSerializer).enqueue_call(
                name,
                args=tuple(args),
                job_id=job_id,
                unique=True,
                timeout=timeout,
                ttl=waits,
                result_ttl=0,
                failure_ttl=7 * 86_400,
                retry=Retry(max=3, interval=[10, 60, 300]) if retry else None,
            )
        except DuplicateJobError:
            return False
        return True

    def _forget_ended(self, job_id: str) -> bool:
        """Delete a job that failed for good: kept to be looked at, it would keep its id from running for days."""
        try:
            job = Job.fetch(job_id, connection=self._redis, serializer=JSONSerializer)
        except NoSuchJobError:
            return True
        if job.get_status(refresh=False) not in _ENDED:
            return False
        job.delete()
        return True

    def will_start(self, queue: str) -> bool:
        """Whether a job waits that nobody has taken: whoever takes it sees all that was written before this was asked.

        One that waits so long that it could be forgotten first does not count.
        """
        of = Queue(queue, connection=self._redis, serializer=JSONSerializer)
        return any(self._redis.ttl(Job.key_for(last)) > WAITS // 2 for last in of.get_job_ids(-1))

    def length(self, queue: str) -> int:
        """How many jobs wait."""
        return Queue(queue, connection=self._redis, serializer=JSONSerializer).count

    def waiting(self, queue: str) -> tuple[int, int | None]:
        """How many jobs wait, and since when the first of them does (ms)."""
        of = Queue(queue, connection=self._redis, serializer=JSONSerializer)
        jobs = of.get_jobs(0, 1)
        since = jobs[0].enqueued_at if jobs else None
        return of.count, None if since is None else _ms(since)

    def heard_of_worker(self, queue: str, host: str) -> int | None:
        """When a worker of `queue` on the machine `host` last gave a sign of life (ms); None if RQ knows of none."""
        of = Queue(queue, connection=self._redis, serializer=JSONSerializer)
        beats = [worker.last_heartbeat for worker in Worker.all(queue=of) if worker.hostname == host]
        return max((_ms(beat) for beat in beats if beat), default=None)

    def answers(self) -> bool:
        """Whether RQ's Redis answers."""
        try:
            return bool(self._redis.ping())
        except (RedisError, OSError):
            return False

    def close(self) -> None:
        """Close the connection."""
        self._redis.close()


def _ms(moment: datetime) -> int:
    """UTC, as RQ notes moments without saying so."""
    return int(moment.replace(tzinfo=UTC).timestamp() * 1000)

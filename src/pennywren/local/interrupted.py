"""Jobs that a system was working on when it ended."""

from typing import Final

from redis import Redis
from rq import Queue
from rq.intermediate_queue import IntermediateQueue
from rq.job import Job, JobStatus
from rq.registry import StartedJobRegistry
from rq.serializers import JSONSerializer

from pennywren.workqueue import QUEUES

_OPEN: Final = (JobStatus.QUEUED, JobStatus.STARTED)


def take_up_again(queue_url: str) -> int:
    """Give back to the queues what was taken out and not finished; how many jobs. Only while no worker runs.

    RQ would find out by itself, but only after the leases of the workers that are gone, a minute or more; and it
    forgets a job whose worker was killed between taking it and starting it. A job may run twice by this, as by RQ.
    """
    found = 0
    with Redis.from_url(queue_url) as client:
        for name in QUEUES:
            queue = Queue(name, connection=client, serializer=JSONSerializer)
            started = StartedJobRegistry(name, connection=client, serializer=JSONSerializer)
            taken = IntermediateQueue(queue.key, connection=client)
            ids = dict.fromkeys([*started.get_job_ids(cleanup=False), *taken.get_job_ids()])
            jobs = Job.fetch_many(ids, connection=client, serializer=JSONSerializer)
            open_jobs = [job for job in jobs if job is not None and job.get_status() in _OPEN]
            for job in open_jobs:
                job.set_status(JobStatus.QUEUED)
                queue.push_job_id(job.id)
            client.delete(started.key, taken.key)
            found += len(open_jobs)
    return found

"""Jobs that a system was working on when it ended."""

import sys
from typing import Final

from redis import Redis
from rq.registry import FailedJobRegistry, ScheduledJobRegistry, StartedJobRegistry
from rq.serializers import JSONSerializer

from pennywren.workqueue import QUEUES

_WHENEVER: Final = float(sys.maxsize)


def take_up_again(queue_url: str) -> int:
    """Give back to the queues what was being worked on; how many jobs. Only while no worker runs.

    RQ would find out by itself, but only after the leases of the workers that are gone: a minute or more.
    """
    found = 0
    with Redis.from_url(queue_url) as client:
        for name in QUEUES:
            started = StartedJobRegistry(name, connection=client, serializer=JSONSerializer)
            ids = started.get_job_ids(cleanup=False)
            # Moves each to where a retry waits for its time, or to the failed ones; from there it is enqueued at once.
            started.cleanup(timestamp=_WHENEVER)
            for registry_class in (ScheduledJobRegistry, FailedJobRegistry):
                moved = registry_class(name, connection=client, serializer=JSONSerializer)
                for job_id in ids:
                    if job_id in moved:
                        moved.requeue(job_id)
            found += len(ids)
    return found

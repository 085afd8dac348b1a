"""What RQ has heard of the workers of a host."""

import socket

from pennywren.cli.worker import make_worker
from pennywren.model.clock import SECOND, system_clock
from pennywren.workqueue import WorkQueue


def test_a_worker_is_heard_of_on_its_host_and_queue_until_it_ends(queue_url: str) -> None:
    queue, here = WorkQueue(queue_url), socket.gethostname()
    worker = make_worker(queue_url, "deliver")
    assert queue.heard_of_worker("deliver", here) is None
    before = system_clock()
    worker.register_birth()
    worker.heartbeat()
    heard = queue.heard_of_worker("deliver", here)
    assert heard is not None
    assert before - SECOND <= heard <= system_clock()
    assert queue.heard_of_worker("deliver", f"not-{here}") is None
    assert queue.heard_of_worker("crawl", here) is None
    # One that was killed is known until RQ forgets it: the latest of a host counts.
    worker.connection.hset(worker.key, "last_heartbeat", "2026-01-01T00:00:00.000000Z")
    assert queue.heard_of_worker("deliver", here) == 1_767_225_600_000
    other = make_worker(queue_url, "deliver")
    other.register_birth()
    other.heartbeat()
    assert (queue.heard_of_worker("deliver", here) or 0) >= before - SECOND
    for each in (worker, other):
        each.register_death()
    assert queue.heard_of_worker("deliver", here) is None

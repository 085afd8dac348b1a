"""Workers: no job outlives its worker, and what was interrupted is taken up again."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from redis import Redis
from rq.registry import StartedJobRegistry
from rq.serializers import JSONSerializer

from pennywren.cli.worker import make_worker
from pennywren.local.interrupted import take_up_again
from pennywren.workqueue import WorkQueue


def _until(true: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not become true"
        time.sleep(0.02)


def _alive_in_session(leader: int) -> list[int]:
    """The processes of a session that are no zombies."""
    found: list[int] = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            state, _, _, session = (entry / "stat").read_text().rpartition(")")[2].split()[:4]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(session) == leader and state != "Z":
            found.append(int(entry.name))
    return found


@pytest.fixture
def worker(queue_url: str, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    environ = {**os.environ, "PENNYWREN_QUEUE_URL": queue_url, "PENNYWREN_DATA_DIR": str(tmp_path)}
    process = subprocess.Popen(
        [sys.executable, "-m", "pennywren", "worker", "upkeep"], env=environ, start_new_session=True
    )
    yield process
    for pid in _alive_in_session(process.pid):
        os.kill(pid, signal.SIGKILL)
    process.wait()


def _running(queue_url: str) -> list[str]:
    with Redis.from_url(queue_url) as client:
        return StartedJobRegistry("upkeep", connection=client, serializer=JSONSerializer).get_job_ids(cleanup=False)


def test_a_killed_worker_takes_its_job_and_its_scheduler_along_and_the_job_runs_again(
    worker: subprocess.Popen[bytes], queue_url: str
) -> None:
    queue = WorkQueue(queue_url)
    queue.enqueue("upkeep", "time.sleep", [600], "long")
    _until(lambda: _running(queue_url) == ["long"] and len(_alive_in_session(worker.pid)) == 3)
    worker.kill()
    worker.wait()
    _until(lambda: _alive_in_session(worker.pid) == [])

    assert queue.length("upkeep") == 0
    assert take_up_again(queue_url) == 1
    assert queue.length("upkeep") == 1
    assert take_up_again(queue_url) == 0
    queue.close()


def test_a_worker_that_is_told_to_end_finishes_a_job_that_does_not_listen(
    worker: subprocess.Popen[bytes], queue_url: str, tmp_path: Path
) -> None:
    queue, done = WorkQueue(queue_url), tmp_path / "done"
    queue.enqueue("upkeep", "subprocess.check_call", [["sh", "-c", f"sleep 1; echo > {done}"]], "short")
    _until(lambda: _running(queue_url) == ["short"])
    worker.terminate()
    worker.wait(20)
    assert done.exists()
    assert _alive_in_session(worker.pid) == []
    queue.close()


_LISTENS_LATE = """
import asyncio, os, signal
from pennywren.local.children import on_end

async def job():
    told = asyncio.Event()
    on_end(told.set)
    await told.wait()
    print("told")

signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})  # as in the process of a job that has just begun
os.kill(os.getpid(), signal.SIGTERM)
asyncio.run(job())
"""


def test_who_is_told_to_end_before_listening_hears_of_it_when_it_listens() -> None:
    # In a process of its own: this one has threads, which the signal would meet.
    said = subprocess.run([sys.executable, "-c", _LISTENS_LATE], capture_output=True, text=True, check=True, timeout=60)
    assert said.stdout == "told\n"


def test_a_job_is_told_that_began_while_its_worker_was_told_to_end(queue_url: str) -> None:
    queue = WorkQueue(queue_url)
    queue.enqueue("upkeep", "time.sleep", [600], "late")
    worker = make_worker(queue_url, "upkeep")
    worker._stop_requested = True  # pyright: ignore[reportPrivateUsage]  -- RQ's own mark, set by its handler
    with Redis.from_url(queue_url):
        job = worker.queues[0].fetch_job("late")
        assert job is not None
        worker.fork_work_horse(job, worker.queues[0])
    pending = (Path("/proc") / str(worker.horse_pid) / "status").read_text().partition("ShdPnd:")[2].split()[0]
    assert int(pending, 16) & 1 << (signal.SIGTERM - 1), "it waits until the job listens"
    os.kill(worker.horse_pid, signal.SIGKILL)
    os.waitpid(worker.horse_pid, 0)
    queue.close()


def test_whoever_is_killed_while_looking_for_abandoned_jobs_keeps_others_from_it_for_a_moment_only(
    queue_url: str,
) -> None:
    (queue,) = make_worker(queue_url, "crawl", lost_after=7).queues
    assert queue.acquire_maintenance_lock()
    assert not queue.acquire_maintenance_lock()
    with Redis.from_url(queue_url) as client:
        assert 0 < client.ttl(queue.registry_cleaning_key) <= 7

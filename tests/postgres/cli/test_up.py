"""`pennywren up` on servers that are named: which parts it starts, and what it tells them."""

import os
import signal
import subprocess
import sys
from pathlib import Path


def _told_to_children(pid: int) -> set[str]:
    """The level from which on each child of a process was told to log."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    environs = [Path(f"/proc/{child}/environ").read_bytes().decode() for child in children]
    return {word for environ in environs for word in environ.split("\0") if word.startswith("PENNYWREN_LOG_LEVEL=")}


def test_no_crawl_worker_is_started_where_prices_must_stand_still(
    tmp_path: Path, redis_url: str, queue_url: str, postgres_url: str
) -> None:
    given = {
        "PENNYWREN_DATA_DIR": str(tmp_path),
        "PENNYWREN_REDIS_URL": redis_url,
        "PENNYWREN_QUEUE_URL": queue_url,
        "PENNYWREN_POSTGRES_URL": postgres_url,
        # Nothing answers there: no test of ours sends a request to a real shop.
        "PENNYWREN_SHOP_ORIGINS": "us=http://127.0.0.1:9",
    }
    argv = [sys.executable, "-m", "pennywren", "-v", "up", "--no-crawl"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, env={**os.environ, **given}, text=True) as running:
        assert running.stdout is not None
        told = next((line for line in running.stdout if line.startswith("data ")), None)
        levels = _told_to_children(running.pid)
        running.send_signal(signal.SIGINT)
        running.stdout.read()
    assert told == f"data {tmp_path} (running.json in it has the addresses with their passwords)\n"
    logs = {log.stem for log in (tmp_path / "logs").iterdir()}
    assert {"api", "match", "schedule", "worker-deliver"} <= logs
    assert "worker-crawl" not in logs
    assert levels == {"PENNYWREN_LOG_LEVEL=info"}

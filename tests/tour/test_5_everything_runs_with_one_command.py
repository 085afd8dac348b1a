"""`pennywren demo`, from start to Ctrl-C: a shop, a crawl, a change, a mail."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

FIVE_SECONDS = 5


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    own = {"PENNYWREN_DATA_DIR": str(tmp_path / "data")}
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PENNYWREN_")}
    command = [sys.executable, "-m", "pennywren", "demo"]
    with (
        (tmp_path / "log").open("w") as log,
        subprocess.Popen(command, env={**inherited, **own}, stdout=subprocess.PIPE, stderr=log, text=True) as process,
    ):
        # It writes an event every few seconds, so whoever reads its lines never waits long; it ends with the test.
        yield process
        process.kill()


def test_everything_runs_with_one_command(demo: subprocess.Popen[str]) -> None:
    assert demo.stdout is not None
    seen: list[str] = []
    for line in demo.stdout:
        seen.append(line.rstrip())
        if line.startswith("mailed"):
            break

    # One line an event, in the order of the pipeline, each about the product that fell from 15.99 to 12.99.
    (product,) = re.findall(r"^mailed\s+(us:B0\w+) 12\.99 USD \(was 15\.99\)$", seen[-1])
    events = [line.split()[0] for line in seen if product in line.split()]
    assert list(dict.fromkeys(events)) == ["crawled", "recorded", "changed", "matched", "mailed"]

    api = next(line.split()[1] for line in seen if line.startswith("api "))
    (first, *_) = httpx.get(f"{api}/mailbox.json").json()
    assert "12.99" in first["subject"]
    assert httpx.get(f"{api}/products/{product}").json()["low"] == 1299

    demo.send_signal(signal.SIGINT)
    assert demo.wait(timeout=FIVE_SECONDS) == 0

"""`pennywren up` on real processes: two side by side, ended in every way there is, and started again."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from pennywren.settings import load_settings

PRODUCT = "us:B08N5WRWNW"


@dataclass
class Copy:
    """One system on a data folder of its own."""

    folder: Path
    process: subprocess.Popen[str]

    @property
    def api(self) -> str:
        """The address that it prints."""
        lines = (self.folder / "out").read_text().splitlines()
        return next(line.removeprefix("api ") for line in lines if line.startswith("api "))

    def alive(self) -> list[int]:
        """Every process that carries this copy's folder in its environment or arguments, or works inside it."""
        found: list[int] = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                # Redis and PostgreSQL write their titles over the first two, and work in their data folders.
                known = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
                known += os.fsencode((entry / "cwd").readlink())
                state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
            except (FileNotFoundError, ProcessLookupError, PermissionError):
                continue
            if str(self.folder).encode() in known and state != "Z":
                found.append(int(entry.name))
        return found


def _environ(folder: Path) -> dict[str, str]:
    # An egress that nothing answers behind: no test of ours sends a request to a real shop.
    origins = ",".join(f"{code}=http://127.0.0.1:9" for code in ("us", "de"))
    given = {"PENNYWREN_DATA_DIR": str(folder / "data"), "PENNYWREN_SHOP_ORIGINS": origins}
    return {**{k: v for k, v in os.environ.items() if not k.startswith("PENNYWREN_")}, **given}


def _start(folder: Path, *, ignoring: bool = False) -> Copy:
    def ignore() -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)

    folder.mkdir(exist_ok=True)
    with (folder / "out").open("w") as out, (folder / "err").open("w") as err:
        process = subprocess.Popen(
            [sys.executable, "-m", "pennywren", "up"], stdout=out, stderr=err, env=_environ(folder), text=True,
            cwd=folder, preexec_fn=ignore if ignoring else None,
        )  # fmt: skip
    return Copy(folder, process)


def _until(true: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not become true"
        time.sleep(0.05)


def _until_up(copy: Copy) -> None:
    def is_up() -> bool:
        assert copy.process.poll() is None, (copy.folder / "err").read_text()
        return "\ndata " in (copy.folder / "out").read_text()

    _until(is_up)


def _pennywren(copy: Copy, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pennywren", *args], env=_environ(copy.folder), capture_output=True, text=True,
        check=False, cwd=copy.folder,
    )  # fmt: skip


@pytest.fixture
def copies(tmp_path: Path) -> Iterator[list[Copy]]:
    started: list[Copy] = []
    yield started
    for copy in started:
        copy.process.kill()
        copy.process.wait()
        _until(lambda copy=copy: copy.alive() == [])


def test_two_run_side_by_side_and_each_ends_completely_however_it_is_ended(tmp_path: Path, copies: list[Copy]) -> None:
    copies += [_start(tmp_path / "one", ignoring=True), _start(tmp_path / "two")]
    one, two = copies
    for copy in copies:
        _until_up(copy)
        assert httpx.get(f"{copy.api}/mailbox.json").json() == []
        assert len(copy.alive()) > 10
    assert one.api != two.api

    # A second one on the same data is refused, and the first goes on.
    refused = _pennywren(one, "up")
    assert refused.returncode == 1
    assert "already runs on" in refused.stderr

    # Commands find each its own system.
    assert _pennywren(one, "doctor").returncode == 0
    assert _pennywren(two, "track", PRODUCT).returncode == 0
    assert httpx.get(f"{two.api}/products/{PRODUCT}").status_code == 200
    assert httpx.get(f"{one.api}/products/{PRODUCT}").status_code == 404

    # One was started with its signals ignored, as by a shell in the background. 5 s are promised; a loaded machine may
    # need a moment more to run us.
    one.process.send_signal(signal.SIGTERM)
    assert one.process.wait(30) == 0
    assert one.alive() == []

    address = two.api
    two.process.kill()
    two.process.wait()
    _until(lambda: two.alive() == [], seconds=30)
    assert "nothing runs here" in _pennywren(two, "doctor").stdout

    # Started again it goes on with its data, where links in mails lead to.
    copies[1] = two = _start(tmp_path / "two", ignoring=True)
    _until_up(two)
    assert two.api == address
    assert httpx.get(f"{two.api}/products/{PRODUCT}").status_code == 200
    two.process.send_signal(signal.SIGINT)
    assert two.process.wait(30) == 0
    assert two.alive() == []
    assert not (two.folder / "data" / "running.json").exists()


def test_a_redis_that_dies_is_started_again_with_its_data(tmp_path: Path, copies: list[Copy]) -> None:
    copies.append(_start(tmp_path / "one"))
    (copy,) = copies
    _until_up(copy)
    assert _pennywren(copy, "track", PRODUCT).returncode == 0
    port = urlsplit(load_settings(_environ(copy.folder)).redis_url or "").port
    # Redis shows its address as its title.
    (redis,) = [pid for pid in copy.alive() if f":{port}".encode() in Path(f"/proc/{pid}/cmdline").read_bytes()]
    os.kill(redis, signal.SIGKILL)
    _until(lambda: "was tracked already" in _pennywren(copy, "track", PRODUCT).stdout)
    assert "redis ended with -9" in (copy.folder / "err").read_text()

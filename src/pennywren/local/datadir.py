"""The data folder: one system at a time, and where that one can be reached."""

import fcntl
import json
import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

from pennywren.errors import Conflict
from pennywren.settings import running_file


@contextmanager
def owned(data_dir: Path) -> Generator[None]:
    """Own a data folder for as long as this lasts; the kernel gives it back however we end.

    Raises:
        Conflict: another process owns it; the message names it.
    """
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (data_dir / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise Conflict(
                f"Pennywren already runs on {data_dir} (process {lock.read().strip() or 'unknown'}): "
                "end that one, or give this one a folder of its own with PENNYWREN_DATA_DIR"
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        # What a system that was killed left behind would lead us to servers that are gone.
        running_file(data_dir).unlink(missing_ok=True)
        try:
            yield
        finally:
            running_file(data_dir).unlink(missing_ok=True)


def publish(data_dir: Path, environ: Mapping[str, str]) -> None:
    """Tell other commands of this user the settings of the system that runs here; passwords are among them."""
    target = running_file(data_dir)
    fresh = target.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    fresh.touch(mode=0o600)
    fresh.write_text(json.dumps({"pid": os.getpid(), "environ": dict(environ)}, indent=2))
    fresh.replace(target)

"""The data folder: one system at a time, where that one can be reached, and which port it had."""

import fcntl
import json
import os
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from pennywren.errors import BadSetting, Conflict
from pennywren.running_system import process_began, running_file


@contextmanager
def writing(data_dir: Path) -> Generator[None]:
    """Turn what keeps us from writing to a data folder into a sentence.

    Raises:
        BadSetting: it cannot be written.
    """
    try:
        yield
    except OSError as error:
        raise BadSetting(f"PENNYWREN_DATA_DIR: {data_dir} cannot be written: {error.strerror or error}") from error


@contextmanager
def owned(data_dir: Path) -> Generator[None]:
    """Own a data folder for as long as this lasts; the kernel gives it back however we end.

    Raises:
        BadSetting: it cannot be written.
        Conflict: another process owns it; the message names it.
    """
    with ExitStack() as stack:
        with writing(data_dir):
            data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = stack.enter_context((data_dir / "lock").open("a+"))
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
    supervisor = {"pid": os.getpid(), "began": process_began(os.getpid())}
    fresh.write_text(json.dumps(supervisor | {"environ": dict(environ)}, indent=2))
    fresh.replace(target)


def last_port(data_dir: Path) -> int:
    """The port that the API had here when it ran last: links in mails lead to it. 0 if it never ran."""
    try:
        port = int(_port_file(data_dir).read_text())
    except (OSError, ValueError):
        return 0
    return port if 0 < port <= 65_535 else 0


def keep_port(data_dir: Path, port: int) -> None:
    """Remember the API's port for the next start."""
    _port_file(data_dir).write_text(f"{port}\n")


def _port_file(data_dir: Path) -> Path:
    return data_dir / "http_port"

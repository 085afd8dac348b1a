"""The system that runs in a data folder, as its supervisor says: other commands take their addresses from it."""

import json
from pathlib import Path


def running_file(data_dir: Path) -> Path:
    """Where `pennywren up` writes the addresses of what it runs, for other commands to find."""
    return data_dir / "running.json"


def running(data_dir: Path) -> dict[str, str]:
    """The settings of the system that runs in `data_dir`; empty if its supervisor is not alive."""
    try:
        found = json.loads(running_file(data_dir).read_bytes())
        if process_began(int(found["pid"])) != int(found["began"]):
            return {}
        return {str(k): str(v) for k, v in found["environ"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def process_began(pid: int) -> int:
    """When a living process began, in clock ticks since the machine did: pids are used again, this beside one is not.

    Raises:
        ProcessLookupError: it has ended.
        OSError: there is no such process.
    """
    # The name in brackets may hold anything; after it comes the third field of proc_pid_stat(5), the state.
    state, *fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    if state in (b"Z", b"X"):
        raise ProcessLookupError(f"process {pid} has ended")
    return int(fields[18])

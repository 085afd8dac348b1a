"""What each process of a system takes, read from /proc."""

import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
POSTGRES = "postgres"


@dataclass(frozen=True)
class Taken:
    """What a process takes at one moment."""

    at: float
    """Seconds, by the clock that never steps."""
    own_kb: int
    """Memory that it shares with no file."""
    descriptors: int


class Watched:
    """All processes that one began, and those began; named at the first look. Those of PostgreSQL count as one."""

    def __init__(self, root: int) -> None:
        self._root = root
        self._numbers: Counter[str] = Counter()
        self._names: dict[int, str] = {}
        self.taken: defaultdict[str, list[Taken]] = defaultdict(list)

    def look(self) -> None:
        """Look at each that runs now."""
        now, found = time.monotonic(), dict[str, Taken]()
        for pid in sorted(_descendants(self._root)):
            try:
                memory, open_ = _own_memory(pid), sum(1 for _ in (_PROC / str(pid) / "fd").iterdir())
                name = self._names.get(pid) or self._new_name(pid)
                self._names[pid] = name
            except (OSError, StopIteration):
                continue  # it has just ended
            before = found.get(name, Taken(now, 0, 0))
            found[name] = Taken(now, before.own_kb + memory, before.descriptors + open_)
        for name, taken in found.items():
            self.taken[name].append(taken)

    def _new_name(self, pid: int) -> str:
        name = _name(pid)
        self._numbers[name] += 1
        return name if self._numbers[name] == 1 or name == POSTGRES else f"{name} {self._numbers[name]}"


def _descendants(root: int) -> Iterator[int]:
    yield root
    try:
        tasks = list((_PROC / str(root) / "task").iterdir())
        children = [int(each) for task in tasks for each in (task / "children").read_text().split()]
    except OSError:
        return
    for child in children:
        yield from _descendants(child)


def _own_memory(pid: int) -> int:
    lines = (_PROC / str(pid) / "status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("RssAnon:")))


def _name(pid: int) -> str:
    """What a reader of the table calls it: the words after `pennywren`, or a server with its folder."""
    words = (_PROC / str(pid) / "cmdline").read_bytes().decode(errors="replace").replace("\0", " ").split()
    if "-m" in words:
        return " ".join(words[words.index("-m") + 1 :][:3]).partition(" --")[0]
    server = Path(words[0]).name.rstrip(":") if words else str(pid)
    # Redis writes over its arguments, and works in its folder.
    return server if server == POSTGRES else f"{server} in {(_PROC / str(pid) / 'cwd').readlink().name}"

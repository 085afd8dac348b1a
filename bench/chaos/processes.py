"""All processes of a system: started, killed with -9, and started again."""

import asyncio
import os
import random
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from pennywren.local.children import Program, start, stop

SERVERS = ("redis", "queue", "postgres")


@dataclass
class Processes:
    """The programs, by name, and what runs of them now."""

    chance: random.Random
    programs: dict[str, Program] = field(default_factory=dict[str, Program])
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict[str, subprocess.Popen[bytes]])
    kills: int = 0
    restarts: int = 0

    def start(self, program: Program) -> None:
        """Run one more program."""
        self.programs[program.name] = program
        self.running[program.name] = start(program)

    async def wait_until(self, ready: Callable[[], bool], what: str, seconds: float = 60) -> None:
        """Wait until something answers; keeps everything running meanwhile."""
        async with asyncio.timeout(seconds):
            while not await asyncio.to_thread(ready):
                self.look_after()
                await asyncio.sleep(0.1)

    def look_after(self) -> None:
        """Start again what has ended. A server that still finds its own remains ends at once, and is started again."""
        for name, process in self.running.items():
            if process.poll() is not None:
                self.running[name] = start(self.programs[name], again=True)

    def kill_one(self) -> str:
        """Kill a random process with -9: of a worker that has a job, it or the job's own process."""
        name = self.chance.choice(sorted(self.running))
        pid = self.running[name].pid
        jobs = _children(pid) if name.startswith("worker") else []
        if jobs and self.chance.random() < 0.5:
            name, pid = f"{name}'s job", self.chance.choice(jobs)
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return f"{name} (gone already)"
        self.kills += 1
        return name

    def restart(self, name: str) -> None:
        """End a server in good order; it is started again with the others."""
        self.running[name].send_signal(self.programs[name].stop_signal)
        self.restarts += 1

    def stop_all(self) -> None:
        """End everything, the servers last. Nothing is worth a good order any more."""
        for server in (False, True):
            ours = {name: process for name, process in self.running.items() if (name in SERVERS) == server}
            if not server:
                for process in ours.values():
                    process.kill()
            stop({process.pid: (self.programs[name], process) for name, process in ours.items()})
        self.running.clear()


def _children(pid: int) -> list[int]:
    try:
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []

"""Child processes that cannot outlive us, and the supervisor that keeps them running.

A child is started in a session of its own, so that a Ctrl-C of the terminal reaches the supervisor alone, and
asks the kernel to be ended when its parent dies, however that happens. Linux only (prctl, pidfd).
"""

import asyncio
import ctypes
import logging
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from pennywren.errors import Unavailable

log = logging.getLogger(__name__)

_PR_SET_PDEATHSIG: Final = 1
_libc: Final = ctypes.CDLL(None, use_errno=True)

STOP_SECONDS: Final = 2.0
"""How long each round of `stop` waits before it kills."""
_STEADY_SECONDS: Final = 30.0
_LONGEST_PAUSE: Final = 10.0


@dataclass(frozen=True, slots=True)
class SystemUser:
    """Whom a child runs as, where that is not us."""

    uid: int
    gid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What to run. `argv` and `env` are complete: a restart runs exactly the same."""

    name: str
    argv: Sequence[str]
    log: Path
    """Gets standard error, and standard output too unless `events`; what was there is kept as `….1`."""
    env: Mapping[str, str] | None = None
    """The whole environment; ours if not given."""
    events: bool = False
    """Standard output goes to ours: an event line is one write of a few hundred bytes, which a pipe keeps whole."""
    user: SystemUser | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    """Asks it to end in good order."""
    death_signal: signal.Signals = signal.SIGKILL
    """What the kernel sends it when we die."""
    last: bool = False
    """Stopped after the others: they may need it to end in good order."""


def die_with_parent(parent: int, death_signal: signal.Signals = signal.SIGKILL) -> None:
    """Ask the kernel to send this process `death_signal` when its parent ends; ends at once if it has.

    To be called in the child and after any change of user, which would clear it.
    """
    _libc.prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def on_end(stop: Callable[[], object]) -> None:
    """Call `stop` in the running loop when this process is told to end (SIGTERM), also where that was said before
    anybody listened: a worker's jobs begin with the signal blocked."""
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})


def start(program: Program, *, again: bool = False) -> subprocess.Popen[bytes]:
    """Start one child with its signals as if it were the first process of a shell; its log begins anew or goes on."""
    program.log.parent.mkdir(parents=True, exist_ok=True)
    if program.log.exists() and not again:
        program.log.replace(program.log.with_name(program.log.name + ".1"))
    parent = os.getpid()

    def in_child() -> None:
        # Whoever started us may have ignored or blocked these; a child must be stoppable all the same.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        die_with_parent(parent, program.death_signal)

    # Opened by us: the child's user may not be able to write there.
    with program.log.open("ab") as sink:
        return subprocess.Popen(  # noqa: S603  -- argv is ours, and no shell reads it
            list(program.argv),
            stdin=subprocess.DEVNULL,
            stdout=None if program.events else sink,
            stderr=sink,
            env=None if program.env is None else dict(program.env),
            user=program.user.uid if program.user else None,
            group=program.user.gid if program.user else None,
            extra_groups=[] if program.user else None,
            start_new_session=True,
            preexec_fn=in_child,  # safe: the processes that supervise start no threads
        )


def stop(processes: Mapping[int, tuple[Program, subprocess.Popen[bytes]]], seconds: float = STOP_SECONDS) -> None:
    """Ask each to end, wait up to `seconds` for all of them, and kill what is left with its whole group."""
    for program, process in processes.values():
        if process.poll() is None:
            process.send_signal(program.stop_signal)
    deadline = time.monotonic() + seconds
    for program, process in processes.values():
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            log.warning("%s did not end within %.0f s and is killed", program.name, seconds)
            process.kill()
            process.wait()
        _kill_group(process.pid)


def _kill_group(leader: int) -> None:
    """End what a child may have left in its session."""
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        pass
    except PermissionError:
        log.debug("the group of %d belongs to another user by now", leader)


@dataclass(slots=True)
class _Running:
    program: Program
    process: subprocess.Popen[bytes]
    began: float
    failures: int = 0
    restart_at: float | None = None


@dataclass(slots=True)
class Children:
    """Starts programs, starts again what died, and ends all of them within twice `STOP_SECONDS`."""

    _all: dict[str, _Running] = field(default_factory=dict[str, _Running])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def start(self, program: Program) -> None:
        """Start one."""
        self._all[program.name] = _Running(program, start(program), time.monotonic())

    def wait_until(self, name: str, is_ready: Callable[[], bool], seconds: float = 30.0) -> None:
        """Wait until a child serves.

        Raises:
            Unavailable: it ended, or is not ready in time; the message quotes the end of its log.
        """
        child = self._all[name]
        wait_until_ready(child.program, child.process, is_ready, seconds)

    def look_after(self, seconds: float | None = None) -> None:
        """Sleep until a child ends or a restart is due, at most `seconds`, and deal with it."""
        now = time.monotonic()
        waits = [c.restart_at - now for c in self._all.values() if c.restart_at is not None]
        if seconds is not None:
            waits.append(seconds)
        self._sleep(min(waits) if waits else None)
        now = time.monotonic()
        for child in self._all.values():
            if child.restart_at is None and child.process.poll() is not None:
                self._plan_restart(child, now)
            if child.restart_at is not None and child.restart_at <= now:
                child.process, child.began, child.restart_at = start(child.program, again=True), now, None

    def _sleep(self, seconds: float | None) -> None:
        """Until a child's process ends, at most `seconds`."""
        poller = select.poll()
        opened: list[int] = []
        try:
            for child in self._all.values():
                if child.restart_at is None:
                    try:
                        handle = os.pidfd_open(child.process.pid)
                    except ProcessLookupError:
                        return
                    opened.append(handle)
                    poller.register(handle, select.POLLIN)
            poller.poll(None if seconds is None else max(0.0, seconds) * 1000)
        finally:
            for handle in opened:
                os.close(handle)

    @staticmethod
    def _plan_restart(child: _Running, now: float) -> None:
        """At once after a steady run, then ever later: what dies at every start must not eat the machine."""
        child.failures = 1 if now - child.began > _STEADY_SECONDS else child.failures + 1
        pause = min(0.25 * 2 ** (child.failures - 1), _LONGEST_PAUSE)
        child.restart_at = now + pause
        log.warning(
            "%s ended with %s and is started again in %.1f s; its log is %s",
            child.program.name, child.process.returncode, pause, child.program.log,
        )  # fmt: skip

    def stop(self) -> None:
        """End all: first those that use the databases, then the databases."""
        for last in (False, True):
            stop({c.process.pid: (c.program, c.process) for c in self._all.values() if c.program.last is last})
        self._all.clear()


def wait_until_ready(
    program: Program, process: subprocess.Popen[bytes], is_ready: Callable[[], bool], seconds: float = 30.0
) -> None:
    """Wait until `is_ready` answers True.

    Raises:
        Unavailable: the process ended, or is not ready in time; the message quotes the end of its log.
    """
    deadline = time.monotonic() + seconds
    while True:
        # Asked first: what answers where the child should may be somebody else.
        ready = is_ready()
        if process.poll() is not None:
            raise Unavailable(f"{program.name} ended with {process.returncode} as it started: {_tail(program.log)}")
        if ready:
            return
        if time.monotonic() > deadline:
            raise Unavailable(f"{program.name} was not ready after {seconds:.0f} s: {_tail(program.log)}")
        time.sleep(0.02)


def _tail(path: Path) -> str:
    """The last lines of a log, for an error message."""
    try:
        lines = path.read_text(errors="replace").splitlines()
    except OSError:
        return f"see {path}"
    return " / ".join(line.strip() for line in lines[-3:] if line.strip()) or f"see {path}"

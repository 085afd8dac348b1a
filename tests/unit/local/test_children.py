"""Children: stoppable whatever the parent ignores, started again when they die, gone when the parent is."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pennywren.errors import Unavailable
from pennywren.local.children import Children, Program, start, stop, wait_until_ready


def _python(tmp_path: Path, name: str, code: str) -> Program:
    argv = [sys.executable, "-c", textwrap.dedent(code)]
    return Program(name=name, argv=argv, log=tmp_path / "logs" / f"{name}.log")


def _until(true: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not become true"
        time.sleep(0.01)


def _is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_a_child_ends_on_sigterm_also_where_we_ignore_it(tmp_path: Path) -> None:
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        program = _python(tmp_path, "sleeper", "import time; time.sleep(60)")
        process = start(program)
        stop({process.pid: (program, process)}, seconds=10)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert process.returncode == -signal.SIGTERM


def test_what_does_not_end_is_killed_and_what_it_started_too(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    code = f"""
        import signal, subprocess, sys, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        open({str(pids)!r}, "w").write(str(grandchild.pid) + "\\n")
        time.sleep(60)
    """
    program = _python(tmp_path, "stubborn", code)
    process = start(program)
    _until(lambda: pids.exists() and pids.read_text().endswith("\n"))
    stop({process.pid: (program, process)}, seconds=0.1)
    assert process.returncode == -signal.SIGKILL
    _until(lambda: _is_gone(int(pids.read_text())))


def test_children_die_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    code = f"""
        import sys, time
        from pathlib import Path
        from pennywren.local.children import Program, start
        argv = [sys.executable, "-c", "import time; time.sleep(60)"]
        child = start(Program(name="c", argv=argv, log=Path({str(tmp_path / "c.log")!r})))
        Path({str(pid_file)!r}).write_text(str(child.pid) + "\\n")
        time.sleep(60)
    """
    parent = subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)])
    _until(lambda: pid_file.exists() and pid_file.read_text().endswith("\n"))
    child = int(pid_file.read_text())
    assert not _is_gone(child)
    parent.kill()
    parent.wait()
    _until(lambda: _is_gone(child))


def test_what_dies_is_started_again_and_its_log_goes_on(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    code = f"""
        import sys, time
        runs = open({str(runs)!r}, "a"); runs.write("x"); runs.close()
        print("run", file=sys.stderr, flush=True)
        if len(open({str(runs)!r}).read()) == 1: sys.exit(3)
        time.sleep(60)
    """
    with Children() as children:
        program = _python(tmp_path, "fragile", code)
        children.start(program)
        _until(lambda: (children.look_after(0.2), runs.exists() and len(runs.read_text()) == 2)[1])
        _until(lambda: program.log.read_text() == "run\nrun\n")


def test_the_log_of_the_run_before_is_kept(tmp_path: Path) -> None:
    program = _python(tmp_path, "talker", "import os; os.write(2, b'said')")
    for _ in range(2):
        start(program).wait()
    assert program.log.read_text() == program.log.with_name("talker.log.1").read_text() == "said"


def test_what_ends_as_it_starts_is_quoted(tmp_path: Path) -> None:
    program = _python(tmp_path, "broken", "import sys; sys.exit('there is no such thing')")
    process = start(program)
    with pytest.raises(Unavailable, match=r"broken ended with 1 as it started: there is no such thing"):
        wait_until_ready(program, process, lambda: False)


def test_whoever_answers_in_place_of_a_child_that_ended_is_not_taken_for_it(tmp_path: Path) -> None:
    program = _python(tmp_path, "late", "import sys; sys.exit('the port is taken')")
    process = start(program)
    with pytest.raises(Unavailable, match="late ended with 1 as it started: the port is taken"):
        wait_until_ready(program, process, lambda: process.wait() == 1)


def test_a_child_has_a_session_of_its_own(tmp_path: Path) -> None:
    """So the terminal's Ctrl-C reaches the supervisor alone."""
    program = _python(tmp_path, "sleeper", "import time; time.sleep(60)")
    process = start(program)
    try:
        assert os.getsid(process.pid) == process.pid
    finally:
        stop({process.pid: (program, process)})

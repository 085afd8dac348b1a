"""The health checks of compose.yaml, run as they are: healthy is who works, and nobody else."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from pennywren.local.children import Program, start, stop
from pennywren.local.ports import free_port
from tests.deploy.compose import Stack, both_redis

ASKED = ("match", "archive", "schedule", "worker-upkeep")
"""One of each kind: the other workers are asked in the same way."""
PATIENCE = 120


@pytest.fixture(scope="module")
def stack(migrated_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Both Redis, and nobody at work."""
    with both_redis(tmp_path_factory.mktemp("health"), migrated_database, free_port(), {}) as made:
        yield made


def _until_healthy(stack: Stack, running: dict[str, tuple[Program, subprocess.Popen[bytes]]]) -> None:
    deadline = time.monotonic() + PATIENCE
    for service, (program, process) in running.items():
        while (check := stack.health_check(service)).returncode:
            assert process.poll() is None, program.log.read_text()
            assert time.monotonic() < deadline, f"{service}: {check.stderr}"
            time.sleep(0.3)
        assert f"{service} works: heard of " in check.stdout


def test_who_works_is_healthy_and_who_was_stopped_is_not(stack: Stack) -> None:
    with ExitStack() as ending:
        running: dict[str, tuple[Program, subprocess.Popen[bytes]]] = {}
        for service in ASKED:
            program = stack.program(service)
            process = start(program)
            ending.callback(stop, {process.pid: (program, process)})
            running[service] = program, process
        _until_healthy(stack, running)
        for _, process in running.values():
            process.terminate()
        for _, process in running.values():
            process.wait(PATIENCE)
        for service in ASKED:
            check = stack.health_check(service)
            assert check.returncode == 1
            assert f"pennywren: {service} does not work here: there is no sign of it" in check.stderr
            assert len(check.stderr.splitlines()) == 1
    assert stack.refused() == []
    assert stack.refused("queue") == []

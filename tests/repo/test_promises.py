"""What docs/guarantees.md and docs/security.md name can be run, and `make faults` runs what the table says."""

import ast
import re
from pathlib import Path

import pytest

from bench.__main__ import BENCHES
from bench.faults import PROMISES, fault_tests

ROOT = Path(__file__).parents[2]
PROMISED = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PROMISES.partition("## When something fails")[0].splitlines()
    if line.startswith("| ") and "`" in line
]


def _functions(path: Path) -> set[str]:
    tree = ast.parse(path.read_text())
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


@pytest.mark.parametrize("row", PROMISED, ids=lambda row: row[0])
def test_every_guarantee_has_a_figure_and_a_command_that_there_is(row: list[str]) -> None:
    _, figure, command = row
    assert figure
    words = command.strip("`").split()
    if words[0] == "make":
        assert re.search(rf"^{words[1]}:", (ROOT / "Makefile").read_text(), re.MULTILINE)
        assert all(word.removeprefix("ONLY=") in BENCHES for word in words[2:])
    else:
        assert words[:3] == [".venv/bin/python", "-m", "pytest"]
        assert (ROOT / words[3]).exists()


@pytest.mark.parametrize("test", fault_tests())
def test_every_fault_names_a_test_that_there_is(test: str) -> None:
    path, _, name = test.partition("::")
    assert name in _functions(ROOT / path)


def test_every_control_names_tests_that_there_are() -> None:
    named = re.findall(r"`(tests/[a-z0-9_/.]+)`", (ROOT / "docs" / "security.md").read_text())
    assert len(named) > 10
    assert [path for path in named if not (ROOT / path).exists()] == []

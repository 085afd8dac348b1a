"""The repository keeps its own rules: sizes, names, one place for keys and settings."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
CODE = sorted([*(ROOT / "src").rglob("*.py"), *(ROOT / "jobs").glob("*.py")])
TESTS = sorted((ROOT / "tests").rglob("*.py"))


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_no_module_is_long() -> None:
    lengths = {_name(path): len(path.read_text().splitlines()) for path in [*CODE, *TESTS]}
    assert {name: length for name, length in lengths.items() if length > 400} == {}


def test_every_module_and_every_public_name_says_what_it_is() -> None:
    silent: list[str] = []
    for path in CODE:
        tree = ast.parse(path.read_text())
        if not ast.get_docstring(tree):
            silent.append(_name(path))
        for node in tree.body:
            named = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            if named and not node.name.startswith("_") and not ast.get_docstring(node):
                silent.append(f"{_name(path)}: {node.name}")
    assert silent == []


def test_keys_are_spelled_in_one_module() -> None:
    spelled = re.compile(
        r"""["']\{?(ready|limit|frontier|robots|metrics)\}:|\}:(product|price|watch|held|cache|frontier|urgent|leases|changes)"""
    )
    elsewhere = [_name(p) for p in CODE if p.name != "keyspace.py" and spelled.search(p.read_text())]
    assert elsewhere == []


def test_settings_are_read_in_one_module() -> None:
    """Elsewhere the environment is only handed on to children."""
    reads = re.compile(r"environ\.get\(|environ\[|getenv\(")
    elsewhere = [_name(p) for p in CODE if p.name != "settings.py" and reads.search(p.read_text())]
    assert elsewhere == []


def test_there_is_no_drawer_for_odds_and_ends() -> None:
    drawers = {"utils", "util", "helpers", "common", "misc"}
    assert [_name(path) for path in [*CODE, *TESTS] if path.stem in drawers or path.parent.name in drawers] == []


def test_nothing_is_left_for_later_in_the_code() -> None:
    marks = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
    assert [_name(path) for path in CODE if marks.search(path.read_text())] == []

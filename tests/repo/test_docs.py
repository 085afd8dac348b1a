"""Documentation is true: what it names exists, and what exists is named."""

import re
from pathlib import Path

import msgspec

import pennywren.errors
from bench.plan import Prices, put_into, tables
from pennywren import keyspace
from pennywren.settings import PREFIX, Settings

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")] + sorted(
    (ROOT / "docs").rglob("*.md")
)


def _read(name: str) -> str:
    return (ROOT / name).read_text()


def test_every_link_leads_somewhere() -> None:
    link = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
    targets = [(page, target) for page in PAGES for target in link.findall(page.read_text()) if "://" not in target]
    assert [f"{page.name}: {target}" for page, target in targets if not (page.parent / target).exists()] == []


def test_every_file_that_is_named_exists() -> None:
    named = re.compile(r"`((?:src|jobs|lua|tests|bench|docs|docker|extension)/[a-z0-9_./-]+|bench/RESULTS.md)`")
    missing = [
        f"{page.name}: {path}"
        for page in PAGES
        for path in named.findall(page.read_text())
        if not (ROOT / path).exists()
    ]
    assert missing == []


def test_every_setting_is_documented() -> None:
    documented = _read("docs/operations.md")
    names = [PREFIX + field.name.upper() for field in msgspec.structs.fields(Settings)]
    assert [name for name in names if f"`{name}`" not in documented] == []
    assert [
        name for name in re.findall(r"`(PENNYWREN_[A-Z_]+)`", documented) if name not in [*names, "PENNYWREN_SHARED"]
    ] == []


def test_every_key_is_documented() -> None:
    documented = _read("docs/redis.md")
    spelled = re.findall(r'return f?"(.+)"', _read("src/pennywren/keyspace.py"))
    suffixes = {re.sub(r"\{[^{}]*\}", "", text).strip("{}:").split(":")[0] for text in spelled}
    assert [suffix for suffix in sorted(suffixes - {""}) if suffix not in documented] == []
    assert f"mod {keyspace.PARTITIONS}`" in documented


def test_every_job_is_documented() -> None:
    documented = _read("docs/operations.md")
    jobs = [path.stem for path in (ROOT / "jobs").glob("*.py") if path.stem != "__init__"]
    assert [job for job in jobs if f"`jobs/{job}.py`" not in documented] == []


def test_every_error_stands_in_the_tree() -> None:
    tree = pennywren.errors.__doc__ or ""
    names = [name for name, value in vars(pennywren.errors).items() if isinstance(value, type)]
    assert [name for name in names if name not in tree] == []


def test_decisions_are_numbered_without_a_gap_and_say_what_enforces_them() -> None:
    decisions = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert [int(path.name[:4]) for path in decisions] == list(range(1, len(decisions) + 1))
    for path in decisions:
        assert path.read_text().startswith(f"# {path.name[:4]} ")


def test_every_module_folder_is_in_the_architecture() -> None:
    documented = _read("docs/architecture.md")
    folders = [path.name for path in (ROOT / "src" / "pennywren").iterdir() if path.is_dir() and path.name[0] != "_"]
    assert [folder for folder in folders if f"`{folder}" not in documented and f"/{folder}" not in documented] == []


def test_the_plan_of_capacity_is_what_follows_from_the_figures() -> None:
    page = _read("docs/capacity.md")
    assert put_into(page, tables(Prices())) == page, "make plan WRITE=1"

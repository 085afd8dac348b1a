"""Each script is one command with a whole header, one typed wrapper, and keys of one slot."""

import re
from pathlib import Path

import pytest

from pennywren.model.offer import Offer

ROOT = Path(__file__).parents[2]
SCRIPTS = sorted((ROOT / "lua").glob("*.lua"))


def _header(script: Path) -> str:
    lines = script.read_text().splitlines()
    return "\n".join(line for line in lines[: next(i for i, line in enumerate(lines) if not line.startswith("--"))])


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_the_header_says_all(script: Path) -> None:
    header = _header(script)
    assert header.startswith(f"-- {script.stem}: ")
    for word in ("KEYS[1]", "ARGV[1]", "RETURNS", "CALLED BY"):
        assert word in header, f"{script.name} does not say {word}"
    assert len(script.read_text().splitlines()) <= 360


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_exactly_one_wrapper_calls_it_and_the_header_names_it(script: Path) -> None:
    call = f'Script("{script.stem}"'
    callers = [path for path in (ROOT / "src").rglob("*.py") if call in path.read_text()]
    found = re.search(r"CALLED BY (pennywren[\w.]+)", _header(script))
    assert found
    named = ROOT / "src" / (found.group(1).replace(".", "/") + ".py")
    assert callers == [named]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_all_keys_of_the_header_carry_the_same_hash_tag(script: Path) -> None:
    """A script that named two tags would touch two slots. "likewise" and plain words stand for keys of a product."""
    tags = set(re.findall(r"\{[a-zA-Z:]+\}(?=:)", _header(script)))
    assert len(tags) <= 1, f"{script.name} names the tags {tags}"


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_no_script_spells_a_key_of_its_own(script: Path) -> None:
    code = "\n".join(line.split("--")[0] for line in script.read_text().splitlines())
    assert not re.search(r"""['"]\{|['"]:(product|price|watch|frontier|urgent|leases|changes):""", code)


def test_every_script_is_in_the_documentation() -> None:
    documented = (ROOT / "docs" / "redis.md").read_text()
    assert [script.stem for script in SCRIPTS if f"`{script.name}`" not in documented] == []


def test_the_offers_of_packed_products_are_those_of_others() -> None:
    # A part cannot have another one: both list them, in the order of their numbers.
    listed = re.compile(r"OFFERS = \{ ([^}]+) \}")
    for part in ("cold", "product"):
        (names,) = listed.findall((ROOT / "lua" / "parts" / f"{part}.lua").read_text())
        assert [name.strip(" '") for name in names.split(",")] == [offer.value for offer in Offer]

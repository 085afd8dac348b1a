"""Every family of metrics is declared well, listed, and documented; and nothing else is."""

import importlib
import pkgutil
import re
from pathlib import Path
from typing import Any

import pennywren
from pennywren.pipeline.metrics import COUNTED, FAMILIES
from pennywren.store.counters import Counter, Gauge, Histogram

DOCUMENTED = (Path(__file__).parents[3] / "docs" / "operations.md").read_text(encoding="utf-8")


def declared() -> dict[str, Any]:
    """Every family that any module of the package holds."""
    found: dict[str, Any] = {}
    for module in pkgutil.walk_packages(pennywren.__path__, "pennywren."):
        if not module.name.endswith("__main__"):
            for value in vars(importlib.import_module(module.name)).values():
                if isinstance(value, Counter | Gauge | Histogram):
                    found[value.name] = value
    return found


def test_every_family_that_is_declared_is_listed() -> None:
    assert set(declared()) == {family.name for family in FAMILIES}


def test_no_name_is_given_twice() -> None:
    assert len({family.name for family in FAMILIES}) == len(FAMILIES)


def test_every_family_is_documented_with_its_labels_and_nothing_else_is() -> None:
    rows = dict(re.findall(r"^\| `(pennywren_[a-z_]+)` \| ([^|]*) \|", DOCUMENTED, re.MULTILINE))

    labels = {family.name: ", ".join(f"`{label}`" for label in family.labels) for family in FAMILIES}
    assert {name: text.strip() for name, text in rows.items()} == labels


def test_names_say_what_they_are() -> None:
    for family in FAMILIES:
        assert re.fullmatch(r"pennywren_[a-z_]+", family.name)
        assert family.help.endswith(".")
        assert family.name.endswith("_total") == isinstance(family, Counter)
    assert not [
        family for family in COUNTED if isinstance(family, Histogram) and list(family.buckets) != sorted(family.buckets)
    ]

"""`make faults`: every fault of docs/guarantees.md against the real parts, in the order of its table."""

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROMISES = (ROOT / "docs" / "guarantees.md").read_text()


def fault_tests() -> list[str]:
    """The tests that the table of faults names."""
    return re.findall(r"`(tests/\S+::test_\w+)`", PROMISES.partition("## When something fails")[2])


if __name__ == "__main__":
    sys.exit(pytest.main(["-v", *fault_tests()]))

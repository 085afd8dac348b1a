"""Which operator a network belongs to."""

from pathlib import Path

import pytest

from pennywren.errors import BadSetting
from pennywren.trust.asns import Asns, load_asns

LINES = """\
# a comment
1.0.0.0\t1.0.0.255\t13335\tUS\tCLOUDFLARENET
1.0.1.0\t1.0.3.255\t0\tNone\tNot routed

198.51.100.0,198.51.100.255,AS64500
2001:db8::\t2001:db8:ffff:ffff:ffff:ffff:ffff:ffff\t64501\tZZ\tDOCS
"""


@pytest.mark.parametrize(
    ("network", "asn"),
    [
        ("1.0.0.0/24", 13335),
        ("1.0.1.0/24", None),
        ("0.0.0.0/24", None),
        ("198.51.100.0/24", 64500),
        ("198.51.101.0/24", None),
        ("2001:db8:12::/48", 64501),
        ("2001:db9::/48", None),
        ("unknown", None),
    ],
)
def test_a_network_is_found_in_the_range_that_holds_it(network: str, asn: int | None) -> None:
    assert Asns(LINES.splitlines()).of(network) == asn


def test_without_a_file_nothing_is_known() -> None:
    assert load_asns(None).of("1.0.0.0/24") is None


@pytest.mark.parametrize("line", ["1.0.0.0", "1.0.0.0\t1.0.0.255\tsome", "here\tthere\t5"])
def test_a_line_that_is_something_else_is_named(tmp_path: Path, line: str) -> None:
    file = tmp_path / "asns.tsv"
    file.write_text(f"{LINES}{line}\n")
    with pytest.raises(BadSetting, match="line 7"):
        load_asns(file)
    with pytest.raises(BadSetting, match=r"none\.tsv"):
        load_asns(tmp_path / "none.tsv")

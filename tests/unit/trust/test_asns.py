"""Which operator a network belongs to."""

import gzip
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


@pytest.mark.parametrize(
    "line",
    [
        "1.0.0.0",
        "1.0.0.0\t1.0.0.255\tsome",
        "here\tthere\t5",
        "1.0.0.0\t1.0.0.255\t-5",
        "1.0.0.0\t1.0.0.255\t4294967296",
        "1.0.0.9\t1.0.0.1\t5",
        "1.0.0.0\t2001:db8::\t5",
        "2001:db8::\t1.0.0.0\t5",
    ],
)
def test_a_line_that_is_something_else_is_named(tmp_path: Path, line: str) -> None:
    file = tmp_path / "asns.tsv"
    file.write_text(f"{LINES}{line}\n")
    with pytest.raises(BadSetting, match="line 7"):
        load_asns(file)
    with pytest.raises(BadSetting, match=r"none\.tsv"):
        load_asns(tmp_path / "none.tsv")


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "holds no range"), (b"# only this\n", "holds no range"), (gzip.compress(LINES.encode()), "unpack it")],
)
def test_a_file_that_tells_nothing_is_said_so(tmp_path: Path, content: bytes, words: str) -> None:
    file = tmp_path / "asns.tsv"
    file.write_bytes(content)
    with pytest.raises(BadSetting, match=words):
        load_asns(file)

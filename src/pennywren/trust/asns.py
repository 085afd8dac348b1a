"""Which operator a network belongs to, from a file: optional, and every figure holds without it."""

from array import array
from bisect import bisect_right
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from pathlib import Path
from typing import Final

from pennywren.errors import BadSetting

_SHIFT: Final = 64
"""Networks of IPv6 are routed by their upper 64 bits."""
_HIGHEST: Final = 2**32 - 1


class _Ranges:
    """Ranges of addresses that do not overlap, in three arrays: 20 bytes a range."""

    def __init__(self, ranges: Iterable[tuple[int, int, int]]) -> None:
        """Each is first, last, ASN."""
        self._first, self._last, self._asn = array("Q"), array("Q"), array("L")
        for first, last, asn in sorted(ranges):
            self._first.append(first)
            self._last.append(last)
            self._asn.append(asn)

    def __len__(self) -> int:
        return len(self._first)

    def of(self, address: int) -> int | None:
        i = bisect_right(self._first, address) - 1
        return self._asn[i] if i >= 0 and address <= self._last[i] else None


class Asns:
    """The table."""

    def __init__(self, lines: Iterable[str] = ()) -> None:
        """`lines` hold first address, last address and ASN, between tabs or commas; more fields are passed over.

        That is how ip2asn-combined.tsv of iptoasn.com looks. An ASN of 0 is no operator; lines that begin with # are
        comments.

        Raises:
            ValueError: a line is something else, or ends before it begins; says which.
        """
        v4: list[tuple[int, int, int]] = []
        v6: list[tuple[int, int, int]] = []
        for number, line in enumerate(lines, 1):
            text = line.strip()
            if not text or text.startswith("#"):
                continue
            try:
                first, last, asn = _read(text)
            except (ValueError, IndexError) as error:
                raise ValueError(f"line {number} does not begin with two addresses and an ASN") from error
            if first.version != last.version or int(first) > int(last):
                raise ValueError(f"line {number}: no range goes from {first} to {last}")
            if asn == 0:
                continue
            if isinstance(first, IPv4Address):
                v4.append((int(first), int(last), asn))
            else:
                v6.append((int(first) >> _SHIFT, int(last) >> _SHIFT, asn))
        self._v4, self._v6 = _Ranges(v4), _Ranges(v6)

    def __len__(self) -> int:
        return len(self._v4) + len(self._v6)

    def of(self, network: str) -> int | None:
        """The ASN of a network as limits name it (`192.0.2.0/24`); None where it is not known."""
        if not len(self):
            return None
        try:
            address = ip_network(network).network_address
        except ValueError:
            return None
        value = int(address)
        return self._v4.of(value) if isinstance(address, IPv4Address) else self._v6.of(value >> _SHIFT)


def _read(line: str) -> tuple[IPv4Address | IPv6Address, IPv4Address | IPv6Address, int]:
    fields = line.replace(",", "\t").split("\t")
    asn = int(fields[2].removeprefix("AS"))
    if not 0 <= asn <= _HIGHEST:
        raise ValueError("an ASN has 32 bits")
    return ip_address(fields[0]), ip_address(fields[1]), asn


def load_asns(path: Path | None) -> Asns:
    """The table of a file; an empty one where none is given.

    Raises:
        BadSetting: the file cannot be read, or holds something else or nothing.
    """
    if path is None:
        return Asns()
    try:
        with path.open(encoding="utf-8") as lines:
            asns = Asns(lines)
    except UnicodeDecodeError as error:
        raise BadSetting(f"PENNYWREN_ASN_FILE: {path} is no text: if it is compressed, unpack it") from error
    except (OSError, ValueError) as error:
        raise BadSetting(f"PENNYWREN_ASN_FILE: {path} cannot be used: {error}") from error
    if not len(asns):
        raise BadSetting(f"PENNYWREN_ASN_FILE: {path} holds no range of addresses")
    return asns

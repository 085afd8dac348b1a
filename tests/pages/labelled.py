"""The labelled real pages beside the checkout: read from there, never copied into the project."""

import gzip
import os
from pathlib import Path
from typing import Final

import msgspec
import pytest

SHARED: Final = Path(os.environ.get("PENNYWREN_SHARED") or Path(__file__).parents[3] / "shared")
_MARKETPLACES: Final = {
    "com": "us", "co.uk": "uk", "com.br": "br", "co.jp": "jp", "com.au": "au", "com.mx": "mx", "com.tr": "tr",
    "com.be": "be", "co.za": "za",
}  # fmt: skip


class Label(msgspec.Struct, frozen=True):
    """What a careful reader says that a page shows."""

    id: str
    file: str
    kind: str
    host: str
    asin: str | None = None
    price_minor: int | None = None
    currency: str | None = None
    availability: str | None = None
    ambiguous: str | None = None

    @property
    def marketplace(self) -> str:
        """Its code in our table."""
        tld = self.host.partition("amazon.")[2]
        return _MARKETPLACES.get(tld, tld)

    @property
    def html(self) -> bytes:
        """The page itself."""
        raw = (SHARED / "pages" / self.file).read_bytes()
        return gzip.decompress(raw) if self.file.endswith(".gz") else raw


def labels() -> list[Label]:
    """All labels, or none where the shared pages are missing (which fails under CI: see `needed`)."""
    path = SHARED / "pages" / "labels.json"
    return msgspec.json.decode(path.read_bytes(), type=list[Label]) if path.is_file() else []


def needed() -> list[Label]:
    """All labels; where they are missing the test is skipped, and fails under CI."""
    found = labels()
    if not found:
        message = f"0 labelled pages in {SHARED}: PENNYWREN_SHARED says where they are"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return found

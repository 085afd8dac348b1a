"""Histories in gzip: packed once and held so; who does not take that has them unpacked."""

import re
from functools import lru_cache
from typing import Final, NamedTuple

from pennywren.history.held import Encoded

HISTORY_VARY: Final = "Accept, Accept-Encoding"
_GZIP: Final = re.compile(r"(?:^|[,\s])gzip(?:\s*;\s*q=(?P<quality>[0-9.]+))?\s*(?:,|$)", re.I)


class Sent(NamedTuple):
    """What is sent of an answer, and its tag: each form has its own, as a strong tag must (RFC 9110, 8.8.1)."""

    answer: Encoded
    etag: str
    is_packed: bool

    @property
    def body(self) -> bytes:
        """What is sent."""
        return self.answer.kept if self.is_packed else self.answer.body


def as_sent(answer: Encoded, *, packs: bool) -> Sent:
    """An answer in the form that the client takes."""
    if packs and answer.is_packed:
        return Sent(answer, _packed_tag(answer.etag), is_packed=True)
    return Sent(answer, answer.etag, is_packed=False)


@lru_cache(maxsize=8_192)
def _packed_tag(tag: str) -> str:
    return f'{tag[:-1]}-gzip"'


def takes_gzip(accepted: str | None) -> bool:
    """Whether an Accept-Encoding names gzip, and not with `q=0`."""
    found = _GZIP.search(accepted or "")
    if found is None:
        return False
    quality = found["quality"]
    return quality is None or quality.strip("0.") != ""

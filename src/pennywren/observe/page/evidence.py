"""How a reader says which place of a page gave what: short, and safe to show, whatever a stranger wrote there."""

import re
import unicodedata
from typing import Final

from selectolax.lexbor import LexborNode

from pennywren.observe.page.dom import path
from pennywren.observe.page.reading import Evidence

MAX_SHOWN: Final = 120
"""Characters of a value, and of a place."""


def told(field: str, value: str, where: LexborNode | str) -> list[Evidence]:
    """One line: `field` (spelled as in the reading's JSON) is `value`, because of the place `where`."""
    place = where if isinstance(where, str) else path(where)
    return [Evidence(field=field, value=clean(value, MAX_SHOWN), where=clean(place, MAX_SHOWN))]


def clean(shown: str, limit: int) -> str:
    """Text from a stranger: no control, format, surrogate or private characters, single spaces, cut at `limit`."""
    if not shown.isprintable():
        shown = "".join(c if unicodedata.category(c)[0] != "C" else " " if c in "\t\r\n" else "" for c in shown)
    return re.sub(r"\s+", " ", shown).strip()[:limit].rstrip()

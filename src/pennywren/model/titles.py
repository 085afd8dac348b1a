"""Titles come from shops' pages, so they are hostile text: what may be shown of one."""

import unicodedata
from typing import Final

TITLE_LIMIT: Final = 300
"""Characters of a title that are shown anywhere."""

# Controls, invisible formats (among them all that turn the direction of writing), surrogates, private use and
# line separators. Joiners stay: Persian and Hindi words and many emoji need them.
_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_JOINERS: Final = frozenset({"\u200c", "\u200d"})


def plain_title(title: str | None, limit: int = TITLE_LIMIT) -> str:
    """One line of at most `limit` characters that shows what it says; empty if there is nothing to show."""
    # A title may be megabytes long: look at a part that is long enough whatever has to be dropped from it.
    looked_at = (title or "")[: 10 * limit]
    shown = "".join(_shown(character) for character in looked_at)
    line = " ".join(shown.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def _shown(character: str) -> str:
    if character in _JOINERS or unicodedata.category(character) not in _HIDDEN:
        return character
    return " " if character.isspace() else ""

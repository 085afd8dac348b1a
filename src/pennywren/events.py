"""One line an event, as it happens: `changed us:B0… 12.99 USD (was 15.99)`. Standard output is for these only."""

import sys


def emit(verb: str, *words: object) -> None:
    """Write one event line and flush it, so that whoever watches sees it at once."""
    line = " ".join([f"{verb:<9}", *(str(word) for word in words if word is not None)])
    sys.stdout.write(line + "\n")
    sys.stdout.flush()

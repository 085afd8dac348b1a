"""One line an event, as it happens: `changed us:B0… 12.99 USD (was 15.99)`. Standard output is for these only."""

import sys
from contextlib import suppress


def emit(verb: str, *words: object) -> None:
    """Write one event line and flush it, so that whoever watches sees it at once.

    Where nobody reads any more (`pennywren up | head`, a terminal that is gone), the line is lost and nothing else is:
    an event is told in the middle of work, such as between sending a mail and keeping that it was sent.
    """
    line = " ".join([f"{verb:<9}", *(str(word) for word in words if word is not None)])
    with suppress(OSError):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()

"""What processes say on standard error: a line each, as text or as JSON, with what it is about.

What a line is about (a request, a product, an alert) is said once, around the work (`about`), and is on every line that
the work writes. Never an address, a token or a title: ids only.
"""

import json
import logging
import sys
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Final, Literal

Format = Literal["text", "json"]

_ABOUT: Final[ContextVar[Mapping[str, str]]] = ContextVar("about", default={})  # noqa: B039  -- never changed in place
_LONGEST: Final = 4_000


class about:  # noqa: N801  -- used as a function is; a generator would cost thrice as much, for each request
    """Let every line that is written meanwhile say what it is about."""

    __slots__ = ("_token", "_words")

    def __init__(self, **words: object) -> None:
        self._words = words

    def __enter__(self) -> None:
        words = {name: str(word) for name, word in self._words.items()}
        self._token = _ABOUT.set({**_ABOUT.get(), **words})

    def __exit__(self, *_: object) -> None:
        _ABOUT.reset(self._token)


def tell_of_each(log: logging.Logger, name: str, ids: Iterable[object], message: str, *args: object) -> None:
    """One line about each of several things, at the level `info`; where nobody reads those it costs nothing."""
    if log.isEnabledFor(logging.INFO):
        for each in ids:
            with about(**{name: each}):
                log.info(message, *args)


def now_about() -> Mapping[str, str]:
    """What lines are about now."""
    return _ABOUT.get()


class TextLines(logging.Formatter):
    """`2026-11-27 10:00:00,000 WARNING pennywren.x: words [request=…]`."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """One line, and what it is about at its end."""
        words = " ".join(f"{name}={word}" for name, word in _ABOUT.get().items())
        line = super().format(record)
        return f"{line} [{words}]" if words else line


class JsonLines(logging.Formatter):
    """One JSON object a line: `time`, `level`, `logger`, `message`, `request`, `alert`, …, `error` with a traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        told: dict[str, object] = {
            "time": moment,
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage()[:_LONGEST],
            **_ABOUT.get(),
        }
        if record.exc_info:
            told["error"] = self.formatException(record.exc_info)[-_LONGEST:]
        return json.dumps(told, ensure_ascii=False)


def formatter(style: Format) -> logging.Formatter:
    """The formatter of a style."""
    return JsonLines() if style == "json" else TextLines()


def level_word() -> str:
    """From what level on this process logs, as PENNYWREN_LOG_LEVEL has it for its children."""
    level = logging.getLogger().level
    return "debug" if level <= logging.DEBUG else "info" if level <= logging.INFO else "warning"


def log_to_stderr(style: Format, level: int) -> None:
    """Let this process log to standard error; standard output is for events."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter(style))
    logging.basicConfig(level=level, handlers=[handler])

"""Traces of price changes, from the page to the mail; off unless PENNYWREN_TRACING_URL names a collector.

A trace's id is made of its change's id, which the stream, the alert and the job carry anyway: nothing else has to be
carried through them, and where tracing is off nothing is done.
"""

from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from typing import Final, Protocol

from pennywren.errors import MissingPart

ROOT: Final = "crawl"
"""The span that all others of a trace are below."""


class Spans(Protocol):
    """Where finished spans go."""

    def add(self, name: str, change_id: str, began: int, ended: int, facts: dict[str, str | int]) -> None:
        """One span of the trace of a change, from `began` to `ended` (ms UTC)."""
        ...

    def close(self) -> None:
        """Send what was not sent yet."""
        ...


_taking: list[Spans] = []


def is_on() -> bool:
    """Whether anybody takes spans: what only a span needs is worked out only then."""
    return bool(_taking)


def span(name: str, change_id: str, began: int, ended: int, **facts: str | int) -> None:
    """Tell one step in the life of a change, from `began` to `ended` (ms UTC)."""
    for each in _taking:
        each.add(name, change_id, began, ended, facts)


@contextmanager
def taking(spans: Spans) -> Generator[None]:
    """Hand spans over while this lasts."""
    _taking.append(spans)
    try:
        yield
    finally:
        _taking.remove(spans)
        spans.close()


@contextmanager
def tracing(url: str | None, process: str) -> Generator[None]:
    """Send the spans of this process to the collector at `url` (OTLP over HTTP) while this lasts; None: none.

    Raises:
        MissingPart: OpenTelemetry is not installed.
    """
    if url is None:
        yield
        return
    try:
        # It is large: who does not trace does not load it.
        to_collector = import_module("pennywren.open_telemetry").to_collector
    except ImportError as error:
        raise MissingPart("PENNYWREN_TRACING_URL needs OpenTelemetry: pip install 'pennywren[tracing]'") from error
    with taking(to_collector(url, process)):
        yield

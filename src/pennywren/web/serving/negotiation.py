"""HTML for people, JSON for programs: what an Accept header prefers."""

from typing import Final

_MAX: Final = 1_000


def prefers_html(accept: str | None) -> bool:
    """Whether `text/html` is wanted more than `application/json`.

    JSON wins ties, so no header, `*/*` and nonsense mean JSON.
    """
    ranges = [_parse(part) for part in (accept or "")[:_MAX].split(",")]
    return _quality(ranges, "text", "html") > _quality(ranges, "application", "json")


def _parse(part: str) -> tuple[str, str, float]:
    name, *parameters = (word.strip().lower() for word in part.split(";"))
    kind, _, subtype = name.partition("/")
    for parameter in parameters:
        if parameter.startswith("q="):
            return kind, subtype, _number(parameter[2:])
    return kind, subtype, 1.0


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        return 0.0
    return value if 0 <= value <= 1 else 0.0


def _quality(ranges: list[tuple[str, str, float]], kind: str, subtype: str) -> float:
    """The quality of the most specific range that covers the type (RFC 9110, 12.5.1)."""
    for wanted in ((kind, subtype), (kind, "*"), ("*", "*")):
        found = [quality for *name, quality in ranges if tuple(name) == wanted]
        if found:
            return max(found)
    return 0.0

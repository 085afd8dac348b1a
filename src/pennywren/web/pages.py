"""HTML pages: templates with automatic escaping, and how prices and times are written for people."""

from datetime import UTC, datetime
from hashlib import sha256
from importlib.resources import files
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from litestar import Response
from litestar.datastructures import Cookie

from pennywren.model.clock import rfc3339
from pennywren.model.money import format_amount, minor_digits
from pennywren.web.assets import BUILD
from pennywren.web.types import Answer

STYLE: Final = (files("pennywren.web") / "static" / "style.css").read_bytes()
STYLE_VERSION: Final = sha256(STYLE).hexdigest()[:12]

_NARROW_SPACE: Final = "\u202f"


def money(minor: int, currency: str) -> str:
    """`1234567, "EUR"` -> `12 345.67 EUR`, with spaces that never break."""
    digits = minor_digits(currency)
    whole, _, fraction = format_amount(minor, currency).partition(".")
    grouped = f"{int(whole):,}".replace(",", _NARROW_SPACE)
    return f"{grouped}.{fraction}\u00a0{currency}" if digits else f"{grouped}\u00a0{currency}"


def day(ms: int) -> str:
    """`25 November 2026`, in UTC."""
    moment = datetime.fromtimestamp(ms / 1000, UTC)
    return f"{moment.day} {moment:%B %Y}"


def minute(ms: int) -> str:
    """`25 November 2026, 10:40 UTC`."""
    return f"{day(ms)}, {datetime.fromtimestamp(ms / 1000, UTC):%H:%M} UTC"


def duration(seconds: float | None) -> str:
    """`0.8 s`, `12 s`, `3 min`, or a dash where nothing was measured."""
    if seconds is None:
        return "–"
    if seconds < 90:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min"


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("pennywren.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: dict[str, Any] = environment.filters
    filters.update(money=money, amount=format_amount, day=day, minute=minute, rfc3339=rfc3339, duration=duration)
    values: dict[str, Any] = environment.globals
    values["style_version"] = STYLE_VERSION
    values["built"] = BUILD.address
    return environment


_ENVIRONMENT: Final = _environment()


def html_page(
    template: str,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
    cookies: list[Cookie] | None = None,
    **values: Any,
) -> Answer:
    """A page from one of our templates."""
    html = _ENVIRONMENT.get_template(template).render(**values)
    return Response(
        html,
        status_code=status,
        media_type="text/html",
        headers={"vary": "Accept", **(headers or {})},
        cookies=cookies or [],
    )


def redirect(path: str, cookies: list[Cookie] | None = None) -> Answer:
    """Go on at another page of ours after a form (303)."""
    return Response(b"", status_code=303, headers={"location": path}, cookies=cookies or [], media_type="text/plain")

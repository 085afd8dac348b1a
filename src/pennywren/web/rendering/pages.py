"""HTML pages: templates with automatic escaping, in the language that the reader's browser asks for."""

from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from litestar import Response
from litestar.datastructures import Cookie
from markupsafe import Markup

from pennywren.language.catalogue import preferred
from pennywren.language.speaking import Language, language
from pennywren.model.clock import rfc3339
from pennywren.web.rendering.account_pages import ACCOUNT_PAGES
from pennywren.web.rendering.assets import BUILD
from pennywren.web.rendering.rule_words import rule_words, waits_for
from pennywren.web.rendering.static_files import address
from pennywren.web.shapes.image_address import image_address
from pennywren.web.types import Answer, Request

VARY: Final = "Accept, Accept-Language, Cookie"
"""What the face of an address depends on: HTML or JSON, the language, and whether somebody is signed in."""

SPOKEN: Final = "spoken"
"""Where a request's state holds the language that its person has chosen, once it is known who asks."""


def _codes(text: str) -> Markup:
    """Text of a description: what stands between backticks is code."""
    parts = text.split("`")
    return Markup("").join(Markup("<code>{}</code>").format(part) if i % 2 else part for i, part in enumerate(parts))


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("pennywren.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: dict[str, Any] = environment.filters
    filters["rfc3339"] = rfc3339
    filters["codes"] = _codes
    values: dict[str, Any] = environment.globals
    values["static"] = address
    values["built"] = BUILD.address
    values["image_address"] = image_address
    values["waits_for"] = waits_for
    values["rule_words"] = rule_words
    values["account_pages"] = ACCOUNT_PAGES
    return environment


_ENVIRONMENT: Final = _environment()


def language_of(request: Request) -> Language:
    """The language that whoever is signed in has chosen, else the one of ours that the browser likes best."""
    chosen: str | None = request.scope["state"].get(SPOKEN)
    if chosen is not None:
        return language(chosen)
    return language(preferred(request.headers.get("accept-language")))


def render(template: str, speaking: Language, **values: Any) -> str:
    """A template of ours in a language."""
    return _ENVIRONMENT.get_template(template).render(
        lang=speaking, t=speaking.say, th=speaking.say_html, money=speaking.money, **values
    )


def html_page(
    request: Request,
    template: str,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
    cookies: list[Cookie] | None = None,
    **values: Any,
) -> Answer:
    """A page from one of our templates."""
    speaking = language_of(request)
    return Response(
        render(template, speaking, **values),
        status_code=status,
        media_type="text/html",
        headers={"content-language": speaking.code, **(headers or {}), "vary": VARY},
        cookies=cookies or [],
    )


def plain_sentence(said: str, speaking: Language, headers: dict[str, str]) -> Answer:
    """A sentence in a language: what a program is answered where people get a page."""
    own = {"content-language": speaking.code, **headers}
    return Response(f"{said}\n", status_code=200, media_type="text/plain", headers=own)


def redirect(path: str, cookies: list[Cookie] | None = None) -> Answer:
    """Go on at another page of ours after a form (303)."""
    return Response(b"", status_code=303, headers={"location": path}, cookies=cookies or [], media_type="text/plain")

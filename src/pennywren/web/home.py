"""The first page, the style sheet, what our problems mean, and the description of the API."""

from litestar import Response, get
from litestar.params import FromPath

from pennywren.errors import NotFound
from pennywren.web.negotiation import prefers_html
from pennywren.web.openapi import DOCUMENT
from pennywren.web.pages import STYLE, html_page
from pennywren.web.problems import KINDS
from pennywren.web.types import Answer, Request


@get("/")
async def show_home(request: Request) -> Answer:
    """Paste a link or an ASIN."""
    return html_page("home.html", headers={"cache-control": "public, max-age=300"})


@get("/static/style.css")
async def show_style(request: Request) -> Answer:
    """Our one style sheet; its address carries its version, so it may be kept for a year."""
    return Response(STYLE, media_type="text/css", headers={"cache-control": "public, max-age=31536000, immutable"})


@get("/problems/{slug:str}")
async def show_problem(request: Request, slug: FromPath[str]) -> Answer:
    """What a problem's `type` means."""
    kind = KINDS.get(slug)
    if kind is None:
        raise NotFound("There is no problem of this name.")
    headers = {"cache-control": "public, max-age=86400", "vary": "Accept"}
    if prefers_html(request.headers.get("accept")):
        return html_page("problem-kind.html", headers=headers, kind=kind)
    content = {"type": kind.type, "title": kind.title, "status": kind.status, "meaning": kind.meaning}
    return Response(content, headers=headers)


@get("/openapi.json")
async def show_openapi(request: Request) -> Answer:
    """The API, described in OpenAPI 3.1."""
    return Response(DOCUMENT, media_type="application/json", headers={"cache-control": "public, max-age=300"})

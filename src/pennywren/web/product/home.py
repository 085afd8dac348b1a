"""The first page, pages about us, what our problems mean, and the description of the API."""

from typing import Final

from litestar import Response, get
from litestar.params import FromPath

from pennywren.errors import NotFound
from pennywren.web.rendering.pages import VARY, html_page
from pennywren.web.resources import resources_of
from pennywren.web.serving.headers import PUBLIC
from pennywren.web.serving.negotiation import prefers_html
from pennywren.web.serving.problems import KINDS, ProblemKind
from pennywren.web.types import Answer, Request

_KEPT: Final = {"cache-control": "public, max-age=300"}


@get("/")
async def show_home(request: Request) -> Answer:
    """Paste a link or an ASIN; what moved lately, and what most people watch."""
    resources = resources_of(request)
    view = await resources.home.read()
    headers = {"cache-control": PUBLIC}
    return html_page(
        request,
        "home.html",
        headers=headers,
        changed=view.changed,
        watched=view.watched,
        empty=view.is_empty,
        now=resources.clock(),
    )


@get("/about")
async def show_about(request: Request) -> Answer:
    """What a price is, when we look, and when we write."""
    return html_page(request, "about.html", headers=_KEPT)


@get("/privacy")
async def show_privacy(request: Request) -> Answer:
    """What is kept, and for how long."""
    days = resources_of(request).settings.report_retention_days
    return html_page(request, "privacy.html", headers=_KEPT, days=days)


@get("/problems/{slug:str}")
async def show_problem(request: Request, slug: FromPath[str]) -> Answer:
    """What a problem's `type` means."""
    kind = KINDS.get(slug)
    if kind is None:
        raise NotFound("There is no problem of this name.")
    headers = {"cache-control": "public, max-age=86400", "vary": VARY}
    if prefers_html(request.headers.get("accept")):
        return html_page(request, "problem-kind.html", headers=headers, kind=kind)
    return Response(ProblemKind(kind.type, kind.title, kind.status, kind.meaning), headers=headers)

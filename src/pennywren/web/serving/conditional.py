"""Public answers with an ETag."""

from hashlib import sha256

from litestar import Response

from pennywren.web.rendering.pages import VARY
from pennywren.web.serving.headers import PUBLIC
from pennywren.web.types import Answer, Request


def conditional(request: Request, body: bytes, media_type: str, etag: str | None = None) -> Answer:
    """A public answer with its ETag, or 304 where the client has it already."""
    tag = etag or f'"{sha256(body).hexdigest()[:24]}"'
    headers = {"etag": tag, "cache-control": PUBLIC, "vary": VARY}
    if is_held(request.headers.get("if-none-match", ""), tag):
        return Response(None, status_code=304, headers=headers)
    return Response(body, media_type=media_type, headers=headers)


def conditional_page(request: Request, page: Answer) -> Answer:
    """The same of a page, which keeps saying in which language it is."""
    found = conditional(request, str(page.content).encode(), "text/html")
    found.headers["content-language"] = page.headers["content-language"]
    return found


def is_held(if_none_match: str, tag: str) -> bool:
    """Whether the header names `tag`, or any; weak tags are as good as strong ones (RFC 9110, 13.1.2)."""
    held = [one.strip().removeprefix("W/") for one in if_none_match.split(",")]
    return tag.removeprefix("W/") in held or "*" in held

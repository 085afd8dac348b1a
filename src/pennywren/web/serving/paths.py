"""Addresses as people write them: a whole product link inside of ours, and HEAD for GET."""

import re
from typing import Final
from urllib.parse import quote, unquote

from litestar import Litestar
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from pennywren.model.product import ProductID

# The framework sees the path decoded, so the slashes of a link inside it would look like ours.
_LINK_INSIDE: Final = re.compile(
    r"/products/(?P<scheme>https?:/+)?(?P<link>[^/:]+\.[^/]+(?:/.*?)??)(?P<rest>/(?:history(?:\.csv)?|feed\.atom"
    r"|chart\.(?:svg|png)|watch|price|live|suggestions|targets|points/[^/]+/proof))?\Z",
    re.DOTALL,
)

_OWN_PATH: Final = re.compile(r"/(?![/\\])[!-\[\]-~]*")
"""Printable ASCII after one slash: two, or a backslash, would be another host's to a browser."""
_LONGEST: Final = 500


def product_in_path(segment: str, default_marketplace: str) -> ProductID:
    """The product that a segment of a path names: an id, an ASIN, or a whole link.

    Raises:
        BadProduct: none of these.
    """
    return ProductID.parse(unquote(segment), default_marketplace)


def number_in_path(segment: str) -> int:
    """The id in a segment of a path; 0, which nobody has, for what is none."""
    return int(segment) if segment.isascii() and segment.isdigit() and len(segment) < 19 else 0


def with_link_in_one_segment(path: str) -> str:
    """`path` with the slashes of a link inside it written so that the router does not see them."""
    found = _LINK_INSIDE.match(path) if "." in path else None
    if not found:
        return path
    # Some servers make one slash of two.
    scheme = found["scheme"].rstrip("/") + "//" if found["scheme"] else ""
    return f"/products/{quote(scheme + found['link'], safe=':', errors='surrogateescape')}{found['rest'] or ''}"


def own_path(text: str | None) -> str:
    """`text` if it is a path of this site, with its query; empty for what leads anywhere else, or out of a header."""
    if text is None or not _OWN_PATH.fullmatch(text) or len(text) > _LONGEST:
        return ""
    return text


class PlainPaths:
    """Goes before the framework's routing: puts a link in a path into one segment, and answers HEAD like GET."""

    def __init__(self, litestar: Litestar, app: ASGIApp) -> None:
        """`app` leads to `litestar`, perhaps through something faster."""
        self.litestar = litestar
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope["path"] = with_link_in_one_segment(scope["path"])
        if scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        scope["method"] = "GET"

        async def send_head(message: Message) -> None:
            if message["type"] == "http.response.body":
                message["body"] = b""
            await send(message)

        await self._app(scope, receive, send_head)

"""Our own static files: read once, compressed once, and kept by browsers for a year under an address with a version."""

import gzip
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from typing import Final

from litestar import Response, get
from litestar.params import FromPath

from pennywren.errors import NotFound
from pennywren.web.types import Answer, Request

_KINDS: Final = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "png": "image/png",
    "woff2": "font/woff2",
    "json": "application/json",
    "webmanifest": "application/manifest+json",
}
_PACKED_ALREADY: Final = frozenset({"png", "woff2"})
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_FOR_NOW: Final = "public, max-age=300"


@dataclass(frozen=True, slots=True)
class StaticFile:
    """One file as it is sent."""

    media_type: str
    body: bytes
    packed: bytes | None
    """Compressed, where that makes it smaller."""
    version: str


def _read() -> dict[str, StaticFile]:
    found: dict[str, StaticFile] = {}
    for each in (files("pennywren.web") / "static").iterdir():
        ending = each.name.rpartition(".")[2]
        if ending in _KINDS and each.is_file():
            body = each.read_bytes()
            packed = None if ending in _PACKED_ALREADY else gzip.compress(body, 9, mtime=0)
            found[each.name] = StaticFile(_KINDS[ending], body, packed, sha256(body).hexdigest()[:12])
    return found


FILES: Final = _read()


def address(name: str) -> str:
    """Where a file is, with its version: what is at this address never changes."""
    return f"/static/{name}?v={FILES[name].version}"


@get("/static/{name:str}", uncounted=True)
async def show_static(request: Request, name: FromPath[str]) -> Answer:
    """A style sheet, a script or a picture of ours."""
    file = FILES.get(name)
    if file is None:
        raise NotFound("There is no such file.")
    is_current = request.query_params.get("v") == file.version
    headers = {
        "cache-control": _FOR_EVER if is_current else _FOR_NOW,
        "etag": f'W/"{file.version}"',
        "vary": "Accept-Encoding",
    }
    if file.packed and "gzip" in request.headers.get("accept-encoding", ""):
        headers["content-encoding"] = "gzip"
        return Response(file.packed, media_type=file.media_type, headers=headers)
    return Response(file.body, media_type=file.media_type, headers=headers)

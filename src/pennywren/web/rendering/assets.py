"""What the TypeScript client was bundled to (`make client`): files whose names carry a hash of their content.

Without a build the website works all the same; pages then name no script.
"""

from dataclasses import dataclass
from gzip import compress
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

import msgspec
from litestar import Response, get
from litestar.params import FromPath

from pennywren.errors import NotFound
from pennywren.web.types import Answer, Request

_TYPES: Final = {"js": "text/javascript", "css": "text/css"}
_FOREVER: Final = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Asset:
    """One built file, ready to be sent."""

    body: bytes
    gzipped: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Build:
    """A whole build, held in memory: it is small."""

    names: dict[str, str]
    """The name of an entry (`client`, `chart.css`) and that of its file."""
    assets: dict[str, Asset]

    def address(self, entry: str) -> str | None:
        """Where an entry's file is; None where nothing was built."""
        name = self.names.get(entry)
        return name and f"/static/build/{name}"


def load_build(folder: Traversable) -> Build:
    """The build in a folder; an empty one where there is none."""
    manifest = folder / "manifest.json"
    if not manifest.is_file():
        return Build({}, {})
    names = msgspec.json.decode(manifest.read_bytes(), type=dict[str, str])
    return Build(names, {name: _load(folder / name) for name in names.values()})


def _load(file: Traversable) -> Asset:
    body = file.read_bytes()
    return Asset(body, compress(body, mtime=0), _TYPES[file.name.rpartition(".")[2]])


BUILD: Final = load_build(files("pennywren.web") / "static" / "build")


@get("/static/build/{name:str}", uncounted=True)
async def show_asset(request: Request, name: FromPath[str]) -> Answer:
    """A file of the build; another content has another name, so it may be kept for a year."""
    asset = BUILD.assets.get(name)
    if asset is None:
        raise NotFound("There is no such file: load the page anew, it names the files of this version.")
    headers = {"cache-control": _FOREVER, "vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(asset.gzipped, media_type=asset.media_type, headers={**headers, "content-encoding": "gzip"})
    return Response(asset.body, media_type=asset.media_type, headers=headers)

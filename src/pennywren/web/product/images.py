"""Pictures of products from our own origin: `/images/us:B0…/320.webp`."""

import re
from importlib.resources import files
from typing import Final

from litestar import Response, get
from litestar.params import FromPath

from pennywren.errors import NotFound, RateLimited
from pennywren.images.resizing import MEDIA_TYPE, WIDTHS
from pennywren.pipeline.product_images import image_name
from pennywren.postgres import catalogue
from pennywren.web.resources import resources_of
from pennywren.web.serving.limits import spend_for_network
from pennywren.web.serving.paths import product_in_path
from pennywren.web.types import Answer, Request

_FILE: Final = re.compile(r"([0-9]{1,4})\.webp")
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_FOR_NOW: Final = "public, max-age=300"
_FOR_A_MOMENT: Final = "public, max-age=20"
"""Of the placeholder: the picture may be there the next time."""
_PLACEHOLDER: Final = (files("pennywren.web") / "static" / "no-picture.svg").read_bytes()
_PER_HOUR: Final = 1_200
_BURST: Final = 120


@get("/images/{product:str}/{file:str}", uncounted=True)
async def show_image(request: Request, product: FromPath[str], file: FromPath[str]) -> Answer:
    """A product's picture in one of our widths; a placeholder where there is none (yet)."""
    resources = resources_of(request)
    id_ = product_in_path(product, resources.settings.default_marketplace)
    found = _FILE.fullmatch(file)
    if not found or int(found[1]) not in WIDTHS:
        raise NotFound(f"There are pictures of the widths {', '.join(map(str, WIDTHS))}: ask for /{WIDTHS[1]}.webp.")
    width, version = int(found[1]), request.query_params.get("v", "")
    row = await catalogue.get(resources.pool, id_)
    if row is None:
        raise NotFound(f"{id_} is not followed here.")
    if row.image is None:
        return Response(_PLACEHOLDER, media_type="image/svg+xml", headers={"cache-control": _FOR_A_MOMENT})
    name = image_name(row.image)
    body = await resources.images.kept(name, width)
    if body is None and await _may_ask(request):
        body = await resources.images.get(row.image, width)
    if body is None:
        return Response(_PLACEHOLDER, media_type="image/svg+xml", headers={"cache-control": _FOR_A_MOMENT})
    headers = {"cache-control": _FOR_EVER if version == name else _FOR_NOW, "etag": f'"{name}-{width}"'}
    return Response(body, media_type=MEDIA_TYPE, headers=headers)


async def _may_ask(request: Request) -> bool:
    """Whether this network may have more pictures fetched for it."""
    try:
        await spend_for_network(request, "images", rate_per_hour=_PER_HOUR, burst=_BURST)
    except RateLimited:
        return False
    return True

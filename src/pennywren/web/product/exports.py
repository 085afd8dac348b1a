"""A history to take away: pictures for mails and other people's pages, and CSV for spreadsheets."""

from typing import Final

from litestar import Response, get
from litestar.params import FromPath

from pennywren.history.csv_export import history_csv
from pennywren.history.picture import Kind, parse_picture
from pennywren.history.question import parse_question
from pennywren.web.resources import resources_of
from pennywren.web.serving.conditional import conditional
from pennywren.web.serving.paths import product_in_path
from pennywren.web.types import Answer, Request

SVG: Final = "image/svg+xml"
PNG: Final = "image/png"
CSV: Final = "text/csv"


@get("/products/{product:str}/chart.svg")
async def show_chart_svg(request: Request, product: FromPath[str]) -> Answer:
    """The chart as a vector picture, without script and without style."""
    return await _picture(request, product, "svg", SVG)


@get("/products/{product:str}/chart.png")
async def show_chart_png(request: Request, product: FromPath[str]) -> Answer:
    """The chart as a bitmap, twice as fine as its size says."""
    return await _picture(request, product, "png", PNG)


@get("/products/{product:str}/history.csv")
async def show_history_csv(request: Request, product: FromPath[str]) -> Answer:
    """The past as CSV; every change, unless an interval is asked for."""
    resources = resources_of(request)
    id_ = product_in_path(product, resources.settings.default_marketplace)
    asked = {name: value for name, value in request.query_params.items() if value}
    answer = await resources.history.answer(id_, parse_question({"interval": "raw", **asked}, resources.clock()))
    table, media_type = history_csv(answer.body), f"{CSV}; charset=utf-8"
    # What is stale is for nobody to keep.
    found = Response(table, media_type=media_type) if answer.stale else conditional(request, table, media_type)
    found.headers["content-disposition"] = f'attachment; filename="{id_.marketplace}-{id_.asin}.csv"'
    return found


async def _picture(request: Request, product: str, kind: Kind, media_type: str) -> Answer:
    resources = resources_of(request)
    id_ = product_in_path(product, resources.settings.default_marketplace)
    asked = parse_picture(dict(request.query_params))
    made = await resources.pictures.picture(id_, asked, kind, resources.clock())
    found = conditional(request, made.body, media_type, made.etag)
    # Meant for other people's pages; everything else of ours is not.
    found.headers["cross-origin-resource-policy"] = "cross-origin"
    return found

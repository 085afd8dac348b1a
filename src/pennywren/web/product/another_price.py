"""The form "Seeing another price?" of a product's page: what a person sees at the shop, judged as any report is."""

from litestar import Response, post
from litestar.params import FromPath

from pennywren.web.product.price_seen import judge_price_seen, read_price_seen, told_page
from pennywren.web.product.products import show_product
from pennywren.web.rendering.pages import VARY, language_of
from pennywren.web.rendering.verdicts import verdict_view
from pennywren.web.resources import resources_of
from pennywren.web.serving.body import read_body
from pennywren.web.serving.headers import PRIVATE
from pennywren.web.serving.identity import person_or_none
from pennywren.web.serving.negotiation import prefers_html
from pennywren.web.serving.paths import product_in_path
from pennywren.web.serving.shown_again import shown_again
from pennywren.web.shapes.views import PriceSeen, Question
from pennywren.web.types import Answer, Request


class AnotherPrice(Question):
    """The price that is seen, as typed."""

    amount: PriceSeen


@post("/products/{product:str}/price", status_code=200)
@shown_again(show_product.fn)
async def report_price(request: Request, product: FromPath[str]) -> Answer:
    """Judge what somebody sees."""
    id_ = product_in_path(product, resources_of(request).settings.default_marketplace)
    form = await read_body(request, AnotherPrice)
    seen = await read_price_seen(request, id_, form.amount, "amount")
    told = await judge_price_seen(request, seen, await person_or_none(request))
    if prefers_html(request.headers.get("accept")):
        return told_page(request, id_, told)
    return Response(
        verdict_view(told, language_of(request)), status_code=200, headers={"cache-control": PRIVATE, "vary": VARY}
    )

"""Unsubscribe from a mail: GET shows a button, POST acts (RFC 8058: no cookie, no redirect, no sign-in)."""

from litestar import get, post
from litestar.params import FromPath

from pennywren.accounts import subscriptions
from pennywren.accounts.links import UNSUBSCRIBE
from pennywren.postgres import catalogue
from pennywren.postgres.pool import transaction
from pennywren.web.rendering.pages import VARY, html_page, language_of, plain_sentence
from pennywren.web.resources import resources_of
from pennywren.web.serving.headers import PRIVATE
from pennywren.web.serving.negotiation import prefers_html
from pennywren.web.types import Answer, Request

_OWN = {"cache-control": PRIVATE, "vary": VARY}


@get("/unsubscribe/{token:str}")
async def confirm_unsubscribe(request: Request, token: FromPath[str]) -> Answer:
    """The page with the button; it changes nothing."""
    resources = resources_of(request)
    subscription_id = UNSUBSCRIBE.read(resources.unsubscribe_key, token)
    async with transaction(resources.pool) as connection:
        product = await subscriptions.product_of_link(connection, subscription_id)
    name = product and await catalogue.name_of(resources.pool, product)
    return html_page(request, "unsubscribe.html", headers=_OWN, token=token, product=product, name=name, done=False)


@post("/unsubscribe/{token:str}", status_code=200, from_anywhere=True)
async def unsubscribe(request: Request, token: FromPath[str]) -> Answer:
    """Stop watching; a second time is fine too. The token is the proof, so the body says nothing more."""
    resources = resources_of(request)
    subscription_id = UNSUBSCRIBE.read(resources.unsubscribe_key, token)
    cancelled = await resources.subscribing.cancel_by_link(subscription_id)
    if prefers_html(request.headers.get("accept")):
        product = cancelled.product if cancelled else None
        return html_page(request, "unsubscribe.html", headers=_OWN, token=token, product=product, done=True)
    speaking = language_of(request)
    return plain_sentence(speaking.say("unsubscribe.done_text"), speaking, _OWN)

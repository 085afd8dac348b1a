"""Pairing a browser: it asks, somebody confirms by a link or a code, and its token is an access token from then on."""

from typing import Annotated, Final
from urllib.parse import quote

from litestar import Response, delete, get, post
from litestar.params import FromPath
from msgspec import Meta

from pennywren.accounts import access_tokens, pairings
from pennywren.accounts.pairings import FirstWatch, Pairing
from pennywren.errors import BadInput, Forbidden, NotFound, NotSignedIn
from pennywren.model.clock import rfc3339
from pennywren.model.product import ProductID
from pennywren.postgres import catalogue
from pennywren.postgres.pool import transaction
from pennywren.store.limits import spend
from pennywren.web.account.connections_page import show_connections_page
from pennywren.web.rendering.pages import VARY, html_page, language_of, redirect
from pennywren.web.resources import resources_of
from pennywren.web.serving.body import read_body
from pennywren.web.serving.headers import PRIVATE
from pennywren.web.serving.identity import bearer_token, caller_of, require_person
from pennywren.web.serving.limits import spend_for_network, spend_for_unknown
from pennywren.web.serving.network import network_of
from pennywren.web.serving.paths import number_in_path
from pennywren.web.serving.shown_again import shown_again
from pennywren.web.shapes.pairing_views import NewPairing, NewPairingView, PairingView
from pennywren.web.shapes.views import Question
from pennywren.web.types import Answer, Request

_OWN: Final = {"cache-control": PRIVATE, "vary": VARY}
_BEGUN_PER_HOUR: Final = 60
_BEGUN_BURST: Final = 20
_TRIES_PER_HOUR: Final = 20


class CodeForm(Question):
    """The code that a browser shows."""

    code: Annotated[str, Meta(max_length=40)]


@post("/pairings", status_code=201, from_anywhere=True)
async def begin_pairing(request: Request) -> Answer:
    """A browser wants to watch for somebody: no cookie is looked at, so it does not matter who sends it."""
    resources = resources_of(request)
    wish = await read_body(request, NewPairing)
    await spend_for_network(request, "pairings", rate_per_hour=_BEGUN_PER_HOUR, burst=_BEGUN_BURST)
    if (wish.product_id is None) != (wish.threshold is None):
        raise BadInput("A first watch has a productID and a threshold: give both, or neither.")
    watch = None
    if wish.product_id is not None and wish.threshold is not None:
        product = ProductID.parse(wish.product_id, resources.settings.default_marketplace)
        await spend_for_unknown(request, product)
        watch = FirstWatch(product, wish.threshold)
    made = await resources.pairing.begin(wish.email, watch, network_of(request), language_of(request))
    code = made.pairing.code
    view = NewPairingView(
        token=made.token,
        code=code,
        expires_time=rfc3339(made.pairing.expires_at),
        confirm_url=f"{resources.settings.base_url}/account/connections?code={quote(code)}",
    )
    return Response(view, status_code=201, headers=_OWN)


@get("/pairings/own")
async def show_pairing(request: Request) -> Answer:
    """How the pairing of a browser's token stands."""
    token = bearer_token(request)
    if not token:
        raise NotSignedIn("Show the token of the pairing: POST /pairings gives one.")
    caller = await caller_of(request)
    if caller is not None:
        if caller.token is not None and not set(pairings.SCOPES) <= set(caller.token.scopes):
            raise Forbidden("This token is not a paired browser's: it was made for other things.")
        return Response(PairingView("paired", None, None, caller.person.email), headers=_OWN)
    resources = resources_of(request)
    try:
        async with transaction(resources.pool) as connection:
            waiting = await pairings.of_token(connection, token, resources.clock())
    except NotFound as error:
        raise NotSignedIn("This pairing was ended, or not confirmed in time: begin another one.") from error
    return Response(PairingView("waiting", waiting.code, rfc3339(waiting.expires_at), None), headers=_OWN)


@delete("/pairings/own", status_code=200)
async def end_pairing(request: Request) -> Answer:
    """The browser's own way to end its token."""
    caller = await caller_of(request)
    if caller is None:
        raise NotSignedIn("Show the token of the pairing.")
    if caller.token is None:
        raise Forbidden("This ends the pairing of the token that it comes with: a session is ended by /sign-out.")
    async with transaction(resources_of(request).pool) as connection:
        await access_tokens.revoke(connection, caller.person.id, caller.token.id)
    return Response(None, status_code=204, headers=_OWN)


@get("/pair/{token:str}")
async def show_pair_link(request: Request, token: FromPath[str]) -> Answer:
    """The page with the button; it changes nothing."""
    resources = resources_of(request)
    async with transaction(resources.pool) as connection:
        pairing = await pairings.of_link(connection, token, resources.clock())
    return await _confirming(request, pairing, f"/pair/{quote(token)}", whose=pairing.email or "")


@post("/pair/{token:str}", status_code=200)
async def confirm_pair_link(request: Request, token: FromPath[str]) -> Answer:
    """The browser may watch for the address that the link went to."""
    await resources_of(request).pairing.confirm_link(token, language_of(request).code)
    return html_page(request, "pair-done.html", headers=_OWN)


async def _connections_again(request: Request) -> Answer:
    return await show_connections_page(request, await require_person(request))


@get("/account/connections")
@shown_again(_connections_again)
async def show_connections(request: Request) -> Answer:
    """What may act for whoever asks; with a `code`, the browser that wants to."""
    person = await require_person(request)
    resources = resources_of(request)
    code = request.query_params.get("code", "")
    if code:
        await spend(resources.client, "pair-code", str(person.id), rate_per_hour=_TRIES_PER_HOUR, burst=_TRIES_PER_HOUR)
        async with transaction(resources.pool) as connection:
            pairing = await pairings.of_code(connection, code, resources.clock())
        return await _confirming(request, pairing, "/account/connections", whose=person.email)
    return await show_connections_page(request, person)


@post("/account/connections", status_code=200)
@shown_again(_connections_again)
async def confirm_code(request: Request) -> Answer:
    """The browser that shows this code may watch for whoever is signed in."""
    person = await require_person(request)
    resources = resources_of(request)
    form = await read_body(request, CodeForm)
    await spend(resources.client, "pair-code", str(person.id), rate_per_hour=_TRIES_PER_HOUR, burst=_TRIES_PER_HOUR)
    await resources.pairing.confirm_code(form.code, person.id)
    return html_page(request, "pair-done.html", headers=_OWN)


@post("/account/connections/{access_token:str}/end", status_code=303)
async def end_connection(request: Request, access_token: FromPath[str]) -> Answer:
    """Nothing that holds this token acts for whoever asks any more."""
    person = await require_person(request)
    async with transaction(resources_of(request).pool) as connection:
        await access_tokens.revoke(connection, person.id, number_in_path(access_token))
    return redirect("/account/connections")


async def _confirming(request: Request, pairing: Pairing, action: str, *, whose: str) -> Answer:
    resources, watch = resources_of(request), pairing.watch
    title = price = None
    if watch is not None:
        state = await resources.store.product(watch.product)
        titles = await catalogue.titles(resources.pool, [watch.product])
        title = titles.get(watch.product) or str(watch.product)
        price = language_of(request).money(watch.threshold, state.currency if state else watch.product.market.currency)
    return html_page(
        request,
        "pair-confirm.html",
        headers=_OWN,
        action=action,
        code=pairing.code,
        whose=whose,
        title=title,
        price=price,
    )

"""Sign-in and sign-out. A GET consumes nothing: mail scanners open every link."""

from litestar import Response, get, post
from litestar.params import FromPath

from pennywren.accounts import sessions
from pennywren.accounts.signing_in import use_link
from pennywren.errors import Forbidden
from pennywren.model.clock import rfc3339
from pennywren.web.rendering.pages import VARY, html_page, language_of, redirect
from pennywren.web.resources import resources_of
from pennywren.web.serving.body import read_body
from pennywren.web.serving.headers import PRIVATE
from pennywren.web.serving.identity import caller_of, ended_cookie, session_cookie, session_token
from pennywren.web.serving.negotiation import prefers_html
from pennywren.web.serving.network import network_of
from pennywren.web.serving.paths import own_path
from pennywren.web.serving.shown_again import shown_again
from pennywren.web.shapes.views import SessionView, SignInRequest, SignInSent
from pennywren.web.types import Answer, Request

_OWN = {"cache-control": PRIVATE, "vary": VARY}


@get("/sign-in")
async def ask_address(request: Request) -> Answer:
    """The page that asks for an address."""
    return html_page(request, "sign-in.html", headers=_OWN, back=own_path(request.query_params.get("back")))


@post("/sign-in", status_code=202)
@shown_again(ask_address.fn)
async def request_link(request: Request) -> Answer:
    """Send a link; the answer is the same for every address."""
    wish = await read_body(request, SignInRequest)
    await resources_of(request).signing_in.send_link(
        wish.email, network_of(request), language_of(request), own_path(wish.back)
    )
    if prefers_html(request.headers.get("accept")):
        return html_page(request, "sign-in-sent.html", status=202, headers=_OWN, email=wish.email)
    return Response(SignInSent(), status_code=202, headers=_OWN)


@get("/sign-in/{token:str}")
async def confirm_sign_in(request: Request, token: FromPath[str]) -> Answer:
    """The page with the button; it looks nothing up."""
    return html_page(
        request, "sign-in-confirm.html", headers=_OWN, token=token, back=own_path(request.query_params.get("back"))
    )


@post("/sign-in/{token:str}", status_code=200)
async def sign_in(request: Request, token: FromPath[str]) -> Answer:
    """Use the link up: a cookie for a browser, a bearer token for a program."""
    resources = resources_of(request)
    now = resources.clock()
    if prefers_html(request.headers.get("accept")):
        _, session = await use_link(resources.pool, token, "cookie", now, language_of(request).code)
        back = own_path(request.query_params.get("back")) or "/account"
        return redirect(back, [session_cookie(resources.settings, session)])
    _, session = await use_link(resources.pool, token, "bearer", now)
    return Response(SessionView(session, rfc3339(now + sessions.LIFETIME["bearer"])), status_code=200, headers=_OWN)


@post("/sign-out", status_code=200)
async def sign_out(request: Request) -> Answer:
    """End the session that this request shows."""
    resources = resources_of(request)
    caller, token = await caller_of(request), session_token(request)
    if caller is not None and caller.token is not None:
        raise Forbidden("This ends a session. An access token is revoked on the account's page of connections.")
    if token:
        await sessions.revoke(resources.pool, token)
    cookie = ended_cookie(resources.settings)
    if prefers_html(request.headers.get("accept")):
        return redirect("/", [cookie])
    return Response(None, status_code=204, headers=_OWN, cookies=[cookie])

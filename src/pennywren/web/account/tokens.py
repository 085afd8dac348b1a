"""Access tokens: made with scopes and shown once, listed, revoked. It takes a session: no token makes another."""

from litestar import Response, delete, get, post
from litestar.params import FromPath

from pennywren.accounts import access_tokens
from pennywren.postgres.pool import transaction
from pennywren.web.rendering.pages import VARY, redirect
from pennywren.web.resources import resources_of
from pennywren.web.serving.body import read_body
from pennywren.web.serving.headers import PRIVATE
from pennywren.web.serving.identity import require_person
from pennywren.web.serving.negotiation import prefers_html
from pennywren.web.serving.paths import number_in_path
from pennywren.web.shapes.token_views import NewToken, TokenList, token_view
from pennywren.web.types import Answer, Request

_OWN = {"cache-control": PRIVATE, "vary": VARY}


@post("/tokens")
async def create_token(request: Request) -> Answer:
    """A new access token: it is in this answer, and nowhere else."""
    person = await require_person(request)
    resources = resources_of(request)
    wish = await read_body(request, NewToken)
    async with transaction(resources.pool) as connection:
        made, token = await access_tokens.make(
            connection, person.id, wish.name, wish.scopes, resources.clock(), wish.expires_in_days
        )
    return Response(token_view(made, token), status_code=201, headers=_OWN)


@get("/tokens")
async def list_tokens(request: Request) -> Answer:
    """The access tokens of whoever asks, without the tokens themselves."""
    person = await require_person(request)
    if prefers_html(request.headers.get("accept")):
        return redirect("/account/connections#tokens")
    async with transaction(resources_of(request).pool) as connection:
        found = await access_tokens.list_of(connection, person.id)
    return Response(TokenList([token_view(each) for each in found]), headers=_OWN)


@delete("/tokens/{access_token:str}", status_code=200)
async def delete_token(request: Request, access_token: FromPath[str]) -> Answer:
    """Revoke an access token."""
    person = await require_person(request)
    async with transaction(resources_of(request).pool) as connection:
        await access_tokens.revoke(connection, person.id, number_in_path(access_token))
    return Response(None, status_code=204, headers=_OWN)

"""Installs of the extension: each gets a token of its own once; whoever holds it, or has paired it, may end it."""

import re

from litestar import Response, delete, get, post
from litestar.params import FromPath

from pennywren.accounts.installs import (
    OwnInstall,
    installs_of,
    make_install,
    pair_install,
    revoke_install,
)
from pennywren.errors import NotSignedIn
from pennywren.model.clock import rfc3339
from pennywren.postgres.pool import transaction
from pennywren.web.account.connections_page import show_connections_page
from pennywren.web.rendering.pages import VARY, redirect
from pennywren.web.resources import resources_of
from pennywren.web.serving.body import read_body
from pennywren.web.serving.headers import PRIVATE
from pennywren.web.serving.identity import bearer_token, person_or_none, require_person
from pennywren.web.serving.limits import spend_for_network
from pennywren.web.serving.negotiation import prefers_html
from pennywren.web.serving.network import network_of
from pennywren.web.serving.paging import Paging
from pennywren.web.serving.shown_again import shown_again
from pennywren.web.shapes.report_views import InstallList, InstallPairing, InstallView, NewInstallView
from pennywren.web.types import Answer, Request

_OWN = {"cache-control": PRIVATE, "vary": VARY}
_BURST = 20
_PAGING = Paging("installs", 100, re.compile("[0-9a-f]{16}"))
_PAGE = "/account/connections#installs"


@post("/installs", status_code=201, from_anywhere=True)
async def create_install(request: Request) -> Answer:
    """A new install: nothing is asked, and no cookie is looked at, so it does not matter who sends it."""
    resources = resources_of(request)
    per_hour = resources.settings.installs_per_network
    await spend_for_network(request, "installs", rate_per_hour=per_hour, burst=min(per_hour, _BURST))
    install, token = await make_install(resources.store.raw, resources.pool, network_of(request), resources.clock())
    view = NewInstallView(id=install.id, token=token, created_time=rfc3339(install.born))
    return Response(view, status_code=201, headers={**_OWN, "location": f"/installs/{install.id}"})


@get("/installs")
async def list_installs(request: Request) -> Answer:
    """The installs that whoever asks has paired with their account."""
    person = await require_person(request)
    if prefers_html(request.headers.get("accept")):
        return redirect(_PAGE)
    after = _PAGING.last_shown(request)
    async with transaction(resources_of(request).pool) as connection:
        found = await installs_of(connection, person.id, after=after, limit=_PAGING.size + 1)
    shown, following = _PAGING.cut(found, lambda install: install.id)
    return Response(InstallList([_view(each) for each in shown], following), headers=_OWN)


async def _connections_again(request: Request) -> Answer:
    return await show_connections_page(request, await require_person(request))


@post("/installs/pair", status_code=200)
@shown_again(_connections_again)
async def pair(request: Request) -> Answer:
    """Take an install into one's account, by its token."""
    person = await require_person(request)
    pairing = await read_body(request, InstallPairing)
    async with transaction(resources_of(request).pool) as connection:
        paired = await pair_install(connection, pairing.token, person.id)
    if prefers_html(request.headers.get("accept")):
        return redirect(_PAGE)
    return Response(_view(paired), headers=_OWN)


@delete("/installs/{install:str}", status_code=200)
async def delete_install(request: Request, install: FromPath[str]) -> Answer:
    """End an install: by its own token, or by the person who paired it."""
    resources = resources_of(request)
    person, token = await person_or_none(request), bearer_token(request)
    if person is None and token is None:
        raise NotSignedIn("Show the token of the install, or sign in to the account that it is paired with.")
    await revoke_install(
        resources.store.raw,
        resources.pool,
        install,
        resources.clock(),
        token=token,
        person_id=person.id if person else None,
    )
    return Response(None, status_code=204, headers=_OWN)


def _view(install: OwnInstall) -> InstallView:
    return InstallView(id=install.id, created_time=rfc3339(install.created_at))

"""The local mailbox, on a machine that has one: what would have been sent, to read and to click."""

import asyncio

from litestar import Response, get

from pennywren.errors import NotFound
from pennywren.local.maildir import Mail, read_mails
from pennywren.web.rendering.pages import html_page
from pennywren.web.resources import resources_of
from pennywren.web.serving.headers import PRIVATE
from pennywren.web.types import Answer, Request

_OWN = {"cache-control": PRIVATE}


@get("/mailbox.json", uncounted=True)
async def list_mails(request: Request) -> Answer:
    """All mails, oldest first."""
    return Response(await _mails(request), headers=_OWN)


@get("/mailbox", uncounted=True)
async def show_mails(request: Request) -> Answer:
    """All mails, newest first, as text with links."""
    return html_page(request, "mailbox.html", headers=_OWN, mails=(await _mails(request))[::-1])


async def _mails(request: Request) -> list[Mail]:
    folder = resources_of(request).settings.mailbox_dir
    if folder is None:
        raise NotFound("There is no local mailbox here.")
    return await asyncio.to_thread(read_mails, folder)

"""The feed of a person's alerts: read by whoever has its address, made, renewed and ended by its owner."""

from typing import Final

from litestar import get, post
from litestar.params import FromPath

from pennywren.accounts import feeds
from pennywren.accounts.links import FEED
from pennywren.accounts.people import Person
from pennywren.errors import NotFound
from pennywren.language.speaking import language
from pennywren.notify.told import last_of_person
from pennywren.postgres.pool import transaction
from pennywren.web.rendering.atom import MEDIA_TYPE, atom_feed
from pennywren.web.rendering.pages import language_of, redirect
from pennywren.web.resources import Resources, resources_of
from pennywren.web.serving.conditional import conditional
from pennywren.web.serving.identity import require_person
from pennywren.web.types import Answer, Request

ENTRIES: Final = 50
_PAGE: Final = "/account/data#feed"
_KEPT: Final = "private, max-age=300"


@get("/feeds/{token:str}")
async def show_feed(request: Request, token: FromPath[str]) -> Answer:
    """The last alerts as Atom; the address is the proof, so no cookie is looked at."""
    resources = resources_of(request)
    feed_id = FEED.read(resources.unsubscribe_key, token)
    async with transaction(resources.pool) as connection:
        reader = await feeds.reader_of(connection, feed_id)
        if reader is None:
            raise NotFound("This feed has ended: its owner finds the new address in the account.")
        told = await last_of_person(connection, reader.id, ENTRIES)
    speaking = language(reader.chosen_language) if reader.chosen_language else language_of(request)
    base = resources.settings.base_url
    body = atom_feed(reader, told, speaking, base, FEED.url(base, resources.unsubscribe_key, feed_id), 0)
    found = conditional(request, body, f"{MEDIA_TYPE}; charset=utf-8")
    found.headers["cache-control"] = _KEPT
    found.headers["x-robots-tag"] = "noindex"
    return found


@post("/account/feed", status_code=303)
async def renew_feed(request: Request) -> Answer:
    """A new address; the one before ends."""
    person = await require_person(request)
    async with transaction(resources_of(request).pool) as connection:
        await feeds.renew(connection, person.id)
    return redirect(_PAGE)


@post("/account/feed/end", status_code=303)
async def end_feed(request: Request) -> Answer:
    """No feed any more."""
    person = await require_person(request)
    async with transaction(resources_of(request).pool) as connection:
        await feeds.end(connection, person.id)
    return redirect(_PAGE)


async def feed_address(resources: Resources, person: Person) -> str | None:
    """The address of a person's feed; None where they have none."""
    async with transaction(resources.pool) as connection:
        feed_id = await feeds.of_person(connection, person.id)
    return None if feed_id is None else FEED.url(resources.settings.base_url, resources.unsubscribe_key, feed_id)


def alternate(address: str | None) -> dict[str, str]:
    """The header that says where a page's feed is (RFC 8288)."""
    return {} if address is None else {"link": f'<{address}>; rel="alternate"; type="{MEDIA_TYPE}"'}

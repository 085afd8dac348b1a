"""Atom feeds (RFC 4287) of alerts and of prices: pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit
from xml.etree import ElementTree

from pennywren.accounts.people import Person
from pennywren.language.speaking import Language
from pennywren.model.clock import rfc3339
from pennywren.notify.told import Told

MEDIA_TYPE: Final = "application/atom+xml"
_NAMESPACE: Final = "http://www.w3.org/2005/Atom"
_NO_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened, at `at` (ms UTC); `name` is its own within this installation, for good."""

    name: str
    title: str
    at: int
    address: str
    summary: str


def atom_document(
    speaking: Language,
    *,
    base_url: str,
    own_url: str,
    page_url: str,
    name: str,
    title: str,
    updated: int,
    entries: Sequence[Entry],
) -> bytes:
    """A feed's document; `name` is the feed's own within this installation, `updated` is in ms UTC."""
    feed = ElementTree.Element("feed", {"xmlns": _NAMESPACE, "xml:lang": speaking.code})
    _add(feed, "title", title)
    _add(feed, "id", f"{_tag(base_url)}{name}")
    _add(feed, "updated", rfc3339(updated))
    ElementTree.SubElement(_add(feed, "author"), "name").text = speaking.say("site.name")
    ElementTree.SubElement(feed, "link", {"rel": "self", "type": MEDIA_TYPE, "href": own_url})
    ElementTree.SubElement(feed, "link", {"rel": "alternate", "type": "text/html", "href": page_url})
    for each in entries:
        entry = _add(feed, "entry")
        _add(entry, "title", each.title)
        _add(entry, "id", f"{_tag(base_url)}{each.name}")
        _add(entry, "updated", rfc3339(each.at))
        ElementTree.SubElement(entry, "link", {"rel": "alternate", "type": "text/html", "href": each.address})
        _add(entry, "summary", each.summary)
    return ElementTree.tostring(feed, encoding="utf-8", xml_declaration=True)


def atom_feed(
    person: Person, told: Sequence[Told], speaking: Language, base_url: str, own_url: str, since: int
) -> bytes:
    """The feed of what a person was told. `since` (ms UTC) is its date while nothing was told."""
    return atom_document(
        speaking,
        base_url=base_url,
        own_url=own_url,
        page_url=f"{base_url}/account",
        # Not the address: it is a secret, and is another one after a renewal.
        name=f"alerts-{person.id}",
        title=speaking.say("feed.of", email=person.email),
        updated=told[0].decided_at if told else since,
        entries=[
            Entry(
                name=f"alert-{each.alert_id}",
                title=entry_title(each, speaking),
                at=each.decided_at,
                address=f"{base_url}/products/{each.product}",
                summary=f"{speaking.say(f'outcome.{each.about}')} {each.product.market.host}",
            )
            for each in told
        ],
    )


def entry_title(of: Told, speaking: Language) -> str:
    """`A kettle: $12.00 (was $15.00)`."""
    return price_title(of.title or str(of.product), of.new_price, of.old_price, of.currency, speaking)


def price_title(title: str, new: int | None, old: int | None, currency: str, speaking: Language) -> str:
    """The same of any price that was `old` and is `new` (minor units; None for no offer, or for nothing before)."""
    price = speaking.say("feed.none") if new is None else speaking.money(new, currency)
    if old is None:
        return speaking.say("feed.entry", title=title, price=price)
    return speaking.say("feed.entry_was", title=title, price=price, old=speaking.money(old, currency))


def _add(parent: ElementTree.Element, name: str, text: str | None = None) -> ElementTree.Element:
    made = ElementTree.SubElement(parent, name)
    if text is not None:
        made.text = _NO_XML.sub("", text)
    return made


def _tag(base_url: str) -> str:
    """The beginning of ids that stay the same wherever the feed is (RFC 4151)."""
    return f"tag:{urlsplit(base_url).hostname or 'localhost'},2026:"

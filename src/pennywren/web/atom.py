"""An Atom feed (RFC 4287) of alerts: pure."""

import re
from collections.abc import Sequence
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


def atom_feed(
    person: Person, told: Sequence[Told], speaking: Language, base_url: str, own_url: str, since: int
) -> bytes:
    """The feed's document. `since` (ms UTC) is its date while nothing was told."""
    feed = ElementTree.Element("feed", {"xmlns": _NAMESPACE, "xml:lang": speaking.code})
    _add(feed, "title", speaking.say("feed.of", email=person.email))
    # Not the address: it is a secret, and is another one after a renewal.
    _add(feed, "id", f"{_tag(base_url)}alerts-{person.id}")
    _add(feed, "updated", rfc3339(told[0].decided_at if told else since))
    ElementTree.SubElement(_add(feed, "author"), "name").text = speaking.say("site.name")
    ElementTree.SubElement(feed, "link", {"rel": "self", "type": MEDIA_TYPE, "href": own_url})
    ElementTree.SubElement(feed, "link", {"rel": "alternate", "type": "text/html", "href": f"{base_url}/account"})
    for each in told:
        entry = _add(feed, "entry")
        _add(entry, "title", entry_title(each, speaking))
        _add(entry, "id", f"{_tag(base_url)}alert-{each.alert_id}")
        _add(entry, "updated", rfc3339(each.decided_at))
        address = f"{base_url}/products/{each.product}"
        ElementTree.SubElement(entry, "link", {"rel": "alternate", "type": "text/html", "href": address})
        _add(entry, "summary", f"{speaking.say(f'outcome.{each.about}')} {each.product.market.host}")
    return ElementTree.tostring(feed, encoding="utf-8", xml_declaration=True)


def entry_title(of: Told, speaking: Language) -> str:
    """`A kettle: $12.00 (was $15.00)`."""
    price = speaking.say("feed.none") if of.new_price is None else speaking.money(of.new_price, of.currency)
    title = of.title or str(of.product)
    if of.old_price is None:
        return speaking.say("feed.entry", title=title, price=price)
    return speaking.say("feed.entry_was", title=title, price=price, old=speaking.money(of.old_price, of.currency))


def _add(parent: ElementTree.Element, name: str, text: str | None = None) -> ElementTree.Element:
    made = ElementTree.SubElement(parent, name)
    if text is not None:
        made.text = _NO_XML.sub("", text)
    return made


def _tag(base_url: str) -> str:
    """The beginning of ids that stay the same wherever the feed is (RFC 4151)."""
    return f"tag:{urlsplit(base_url).hostname or 'localhost'},2026:"

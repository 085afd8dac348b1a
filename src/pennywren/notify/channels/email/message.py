"""Composing the mail of an alert: plain and HTML, without a request to anywhere, and with one-click unsubscribe."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import MessageError
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import format_datetime, make_msgid, parseaddr
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from pennywren.errors import BadSetting, DeliveryError
from pennywren.model.titles import plain_title
from pennywren.notify import wording
from pennywren.notify.channels import Item, Message, Reader

SUBJECT_TITLE_LIMIT: Final = 90
"""Characters of a title in a subject: the price after it must still be seen in a list of mails."""


class _WholeHeader(UnstructuredHeader, BaseHeader):
    """A header that is written as it is: folding would turn a long link into an encoded word, which is no link."""

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


class _Headers(HeaderRegistry):
    """Headers as the registry reads them, without what it does anew for each: it makes a class for every header of
    every mail, and reads those again that are the same in all. That took half of the time of composing."""

    def __init__(self) -> None:
        super().__init__()
        self.map_to_type("list-unsubscribe", _WholeHeader)
        self._classes: dict[str, Any] = {}
        self._read_once = lru_cache(maxsize=256)(super().__call__)

    def __getitem__(self, name: str) -> Any:
        made = self._classes.get(name)
        if made is None:
            made = self._classes[name] = super().__getitem__(name)
        return made

    def __call__(self, name: str, value: Any) -> BaseHeader:
        return self._read_once(name, value) if name in _ALIKE else super().__call__(name, value)


_ALIKE: Final = {
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
    "Auto-Submitted",
    "List-Unsubscribe-Post",
}


def _policy() -> Policy:
    return SMTP.clone(header_factory=_Headers())


_POLICY: Final = _policy()
_TEMPLATES: Final = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
    auto_reload=False,
)


def read_sender(mail_from: str) -> tuple[str, str]:
    """The name and the address of a From line.

    Raises:
        BadSetting: there is no address in it.
    """
    name, address = parseaddr(mail_from)
    user, at, domain = address.rpartition("@")
    if not (user and at and domain and domain.isascii()):
        raise BadSetting(f"PENNYWREN_MAIL_FROM: {mail_from!r} is not like 'Pennywren <alerts@example.org>'")
    return name, address


def message_id(key: str, domain: str) -> str:
    """The Message-ID of a message: the same at every attempt, so that mail systems drop a repeat."""
    return f"<{key}@{domain}>"


def subject(message: Message) -> str:
    """`Title: €12.99 (was €15.99)`."""
    # What looks like an encoded word would be decoded by the reader, whatever it hides.
    line = wording.heading(message, SUBJECT_TITLE_LIMIT).replace("=?", "= ?")
    return plain_title(line, 2 * SUBJECT_TITLE_LIMIT)


def compose(message: Message, mail_from: str, now: int) -> EmailMessage:
    """The whole mail. `now` is ms UTC.

    Raises:
        DeliveryError: permanent: no mail can be sent to this address.
    """
    name, address = read_sender(mail_from)
    domain = address.rpartition("@")[2]
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = Address(name, addr_spec=address)
    try:
        mail["To"] = Address(addr_spec=message.to)
    except (ValueError, IndexError, MessageError) as error:  # what email raises for an address it cannot read
        raise DeliveryError("this is not an e-mail address", permanent=True) from error
    mail["Subject"] = subject(message)
    mail["Date"] = format_datetime(datetime.fromtimestamp(now / 1000, UTC))
    mail["Message-ID"] = message_id(message.key, domain)
    mail["Auto-Submitted"] = "auto-generated"
    mail["List-Unsubscribe"] = f"<{message.stop_url}>"
    mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    values = _values(message, domain)
    mail.set_content(_TEMPLATES.get_template("alert.txt").render(values), charset="utf-8")
    mail.add_alternative(
        _TEMPLATES.get_template("alert.html").render(values), subtype="html", charset="utf-8", cte="quoted-printable"
    )
    _add_charts(mail, message, domain)
    return mail


@dataclass(frozen=True, slots=True)
class LinkMail:
    """A mail whose point is one link: to sign in, to confirm. Its words are in the `language` of whoever asked."""

    language: str
    subject: str
    text: str
    link: str
    note: str


def compose_link(said: LinkMail, to: str, mail_from: str, now: int) -> EmailMessage:
    """The whole mail; every one has an id of its own. `now` is ms UTC."""
    mail = EmailMessage()
    mail["Subject"] = plain_title(said.subject.replace("=?", "= ?"), 2 * SUBJECT_TITLE_LIMIT)
    mail["From"] = mail_from
    mail["To"] = to
    mail["Date"] = format_datetime(datetime.fromtimestamp(now / 1000, UTC))
    mail["Message-ID"] = make_msgid(domain=read_sender(mail_from)[1].rpartition("@")[2])
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(f"{said.text}\n\n{said.link}\n\n{said.note}\n")
    values = {"lang": said.language, "subject": said.subject, "text": said.text, "link": said.link, "note": said.note}
    mail.add_alternative(_TEMPLATES.get_template("link.html").render(values), subtype="html")
    return mail


def _values(message: Message, domain: str) -> dict[str, Any]:
    words = wording.speaking(message.reader)
    return {
        "t": words.say,
        "lang": words.code,
        "subject": subject(message),
        "preview": "; ".join(wording.price_words(item, message.reader) for item in message.items[:3]),
        "many": len(message.items) > 1,
        "more": message.more,
        "items": [_item_values(item, message.reader, domain) for item in message.items],
        "stop_url": message.stop_url,
        "account_url": message.account_url,
    }


def _item_values(item: Item, reader: Reader, domain: str) -> dict[str, str | None]:
    def money(minor: int | None) -> str | None:
        return None if minor is None else wording.money(minor, item.currency, reader)

    return {
        "title": plain_title(item.title),
        "price": money(item.price),
        "old_price": money(item.old_price),
        "reason": item.reason,
        "corrects": "yes" if item.corrects else None,
        "ends": "yes" if item.ends else None,
        "ended": "yes" if item.ends and item.ends_at is None else None,
        "low_line": wording.low_line(item, reader),
        "page_url": item.page_url,
        "shop": item.product.market.host,
        "shop_url": item.product.url,
        "seen_at": wording.minute(item.seen_at, reader),
        "unsubscribe_url": item.unsubscribe_url,
        "snooze_url": item.snooze_url,
        "chart": None if item.chart is None else _chart_id(item, domain),
    }


def _add_charts(mail: EmailMessage, message: Message, domain: str) -> None:
    """Put the pictures beside the HTML that shows them: a mail asks nobody for anything when it is opened."""
    html = mail.get_body(("html",))
    for item in message.items:
        if item.chart is not None and isinstance(html, EmailMessage):
            name = f"{item.product.asin}.png"
            html.add_related(
                item.chart, "image", "png", cid=f"<{_chart_id(item, domain)}>", filename=name, disposition="inline"
            )


def _chart_id(item: Item, domain: str) -> str:
    return f"chart-{item.alert_id}@{domain}"

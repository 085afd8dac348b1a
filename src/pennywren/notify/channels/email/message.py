"""Composing the mail of an alert: plain and HTML, without a request to anywhere, and with one-click unsubscribe."""

from datetime import UTC, datetime
from email.errors import MessageError
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import format_datetime, parseaddr
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from pennywren.errors import BadSetting, DeliveryError
from pennywren.model.money import format_amount, format_money
from pennywren.model.offer import Offer
from pennywren.model.titles import plain_title
from pennywren.notify.channels import Message

SUBJECT_TITLE_LIMIT: Final = 90
"""Characters of a title in a subject: the price after it must still be seen in a list of mails."""


class _WholeHeader(UnstructuredHeader, BaseHeader):
    """A header that is written as it is: folding would turn a long link into an encoded word, which is no link."""

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


def _policy() -> Policy:
    headers = HeaderRegistry()
    headers.map_to_type("list-unsubscribe", _WholeHeader)
    return SMTP.clone(header_factory=headers)


_POLICY: Final = _policy()
_TEMPLATES: Final = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)

_OFFER_NOTES: Final = {
    Offer.BUYBOX: "",
    Offer.AMAZON: " for the price of Amazon itself",
    Offer.NEW: " for the lowest price of a new one",
    Offer.USED: " for the lowest price of a used one",
}


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


def message_id(alert_id: int, domain: str) -> str:
    """The Message-ID of an alert: the same at every attempt, so that mail systems drop a repeat."""
    return f"<alert-{alert_id}@{domain}>"


def subject(message: Message) -> str:
    """`Title: 12.99 USD (was 15.99)`."""
    # What looks like an encoded word would be decoded by the reader, whatever it hides.
    title = plain_title(message.title.replace("=?", "= ?"), SUBJECT_TITLE_LIMIT)
    was = "" if message.old_price is None else f" (was {format_amount(message.old_price, message.currency)})"
    return f"{title}: {format_money(message.price, message.currency)}{was}"


def compose(message: Message, mail_from: str, now: int) -> EmailMessage:
    """The whole mail. `now` is ms UTC.

    Raises:
        DeliveryError: permanent: no mail can be sent to this address.
    """
    name, address = read_sender(mail_from)
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = Address(name, addr_spec=address)
    try:
        mail["To"] = Address(addr_spec=message.to)
    except (ValueError, IndexError, MessageError) as error:  # what email raises for an address it cannot read
        raise DeliveryError("this is not an e-mail address", permanent=True) from error
    mail["Subject"] = subject(message)
    mail["Date"] = format_datetime(_moment(now))
    mail["Message-ID"] = message_id(message.alert_id, address.rpartition("@")[2])
    mail["Auto-Submitted"] = "auto-generated"
    mail["List-Unsubscribe"] = f"<{message.unsubscribe_url}>"
    mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    values = _values(message)
    mail.set_content(_TEMPLATES.get_template("alert.txt").render(values), charset="utf-8")
    mail.add_alternative(
        _TEMPLATES.get_template("alert.html").render(values), subtype="html", charset="utf-8", cte="quoted-printable"
    )
    return mail


def _values(message: Message) -> dict[str, str | None]:
    return {
        "subject": subject(message),
        "title": plain_title(message.title),
        "price": format_money(message.price, message.currency),
        "old_price": None if message.old_price is None else format_money(message.old_price, message.currency),
        "threshold": format_money(message.threshold, message.currency),
        "offer_note": _OFFER_NOTES[message.offer],
        "low_line": _low_line(message),
        "page_url": message.page_url,
        "shop": message.product.market.host,
        "shop_url": message.product.url,
        "seen_at": _moment(message.seen_at).strftime("%-d %B %Y, %H:%M:%S UTC"),
        "unsubscribe_url": message.unsubscribe_url,
    }


def _low_line(message: Message) -> str | None:
    if message.low is None or message.low_at is None or message.since is None:
        return None
    since = _day(message.since)
    if message.price <= message.low:
        return f"This is the lowest price since we began to watch on {since}."
    low = format_money(message.low, message.currency)
    return f"The lowest price since {since} was {low}, on {_day(message.low_at)}."


def _day(ms: int) -> str:
    return _moment(ms).strftime("%-d %B %Y")


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)

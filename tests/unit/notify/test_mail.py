"""What an alert's mail says, and what a hostile title cannot make it say."""

import re
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from aiosmtplib.email import flatten_message
from hypothesis import given
from hypothesis import strategies as st

from pennywren.errors import BadSetting, DeliveryError
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.rule import PriceAtOrBelow
from pennywren.model.titles import TITLE_LIMIT, plain_title
from pennywren.notify.channels import Item, Message, Reader
from pennywren.notify.channels.email.message import compose, read_sender
from pennywren.notify.reasons import Asked, reason_in_words

NOW = 1_764_067_300_000
STOP = "https://a-rather-long-host-name.pennywren.example.org/unsubscribe/" + 64 * "a"
ITEM = Item(
    alert_id=7,
    product=ProductID.parse("de:B08N5WRWNW"),
    offer=Offer.BUYBOX,
    title="Größe <b>M</b> & more",
    price=1299,
    old_price=1599,
    currency="EUR",
    reason="You asked to be told at €14.00 or less.",
    seen_at=1_764_067_200_123,
    low=1199,
    low_at=1_750_000_000_000,
    since=1_740_000_000_000,
    page_url="https://pennywren.example.org/products/de:B08N5WRWNW",
    unsubscribe_url=STOP,
)
MESSAGE = Message(
    key="alert-7",
    to="ann@example.org",
    items=(ITEM,),
    more=0,
    reader=Reader(),
    stop_url=STOP,
    account_url="https://pennywren.example.org/account",
)


def about(message: Message = MESSAGE, **changes: Any) -> Message:
    """The message with other news in it."""
    return replace(message, items=(replace(message.items[0], **changes),))


def sent(message: Message) -> EmailMessage:
    """The mail as it leaves, read again by the other side."""
    raw = flatten_message(compose(message, "Pennywren <alerts@pennywren.example.org>", NOW), cte_type="7bit")
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    mail = message_from_bytes(raw, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    return mail


def part(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body((kind,))
    assert body is not None
    return str(body.get_content())


def test_the_subject_has_title_price_and_old_price() -> None:
    assert sent(MESSAGE)["Subject"] == "Größe <b>M</b> & more: €12.99 (was €15.99)"
    assert sent(about(old_price=None))["Subject"] == "Größe <b>M</b> & more: €12.99"


def test_the_headers_are_those_of_an_automatic_mail_that_one_click_ends() -> None:
    mail = sent(MESSAGE)
    assert mail["From"] == "Pennywren <alerts@pennywren.example.org>"
    assert mail["To"] == "ann@example.org"
    assert mail["Message-ID"] == "<alert-7@pennywren.example.org>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert parsedate_to_datetime(mail["Date"]).timestamp() * 1000 == NOW
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_a_long_unsubscribe_link_stays_a_link() -> None:
    raw = flatten_message(compose(MESSAGE, "alerts@pennywren.example.org", NOW))
    assert f"\r\nList-Unsubscribe: <{STOP}>\r\n".encode() in raw


@pytest.mark.parametrize("kind", ["plain", "html"])
def test_both_parts_say_the_same(kind: str) -> None:
    text = part(sent(MESSAGE), kind)
    for words in (
        "€12.99",
        "€15.99",
        "€14.00 or less",
        "The lowest price since 19 February 2025 was €11.99",
    ):
        assert words in text
    for link in (ITEM.page_url, MESSAGE.account_url, STOP, "https://www.amazon.de/dp/B08N5WRWNW"):
        assert link in text
    assert "25 November 2025, 10:40 UTC" in text


def test_a_new_low_is_said_so_and_an_unknown_one_is_not() -> None:
    assert "This is the lowest price since we began to watch" in part(sent(about(low=1299)), "plain")
    assert "lowest" not in part(sent(about(low=None)), "plain")


def test_amounts_and_moments_are_written_as_the_reader_does() -> None:
    german = replace(MESSAGE, reader=Reader("de-AT", "Europe/Vienna"))
    assert sent(german)["Subject"].endswith(": € 12,99 (vorher € 15,99)")
    assert "Gesehen am 25. November 2025, 11:40 MEZ." in part(sent(german), "plain")
    american = replace(MESSAGE, reader=Reader("en-US", "America/New_York"))
    assert "Seen November 25, 2025, 5:40\u202fAM EST." in part(sent(american), "plain")
    yen = about(replace(MESSAGE, reader=Reader("ja-JP", "Asia/Tokyo")), price=1299, currency="JPY")
    assert sent(yen)["Subject"].endswith(": ￥1,299 (was ￥1,599)")


def test_a_reader_whose_locale_or_zone_is_unknown_is_still_told() -> None:
    lost = replace(MESSAGE, reader=Reader("xx-Nowhere", "Mars/Olympus"))
    assert sent(lost)["Subject"].endswith(": €12.99 (was €15.99)")
    assert "10:40 UTC" in part(sent(lost), "plain")


def test_what_is_gone_is_said_so() -> None:
    mail = sent(about(price=None))
    assert mail["Subject"].endswith(": no offer (was €15.99)")
    assert "No longer offered; before €15.99." in part(mail, "plain")
    assert "No longer offered" in part(mail, "html")


def test_that_a_watch_ends_is_not_told_as_if_the_offer_were_gone() -> None:
    ending = about(ends=True, ends_at=1_777_600_000_000, price=None, old_price=None, title="A kettle")
    mail = sent(ending)
    assert mail["Subject"] == "Your watch ends on 1 May 2026: A kettle"
    for kind in ("plain", "html"):
        assert "Your watch ends" in part(mail, kind)
        assert "No longer offered" not in part(mail, kind)
    ended = sent(about(ending, ends_at=None, price=1299))
    assert ended["Subject"] == "Your watch has ended: A kettle"
    assert "Your watch has ended. Now €12.99." in part(ended, "plain")
    german = sent(replace(ending, reader=Reader("de", "Europe/Berlin")))
    assert german["Subject"] == "Dein Wunsch endet am 1. Mai 2026: A kettle"


def test_a_correction_says_so_in_its_subject() -> None:
    wrong = about(corrects=True, price=1599, old_price=99, title="A kettle")
    assert sent(wrong)["Subject"] == "Correction for A kettle: not €0.99, but €15.99"
    assert sent(about(wrong, price=None))["Subject"] == "Correction for A kettle: not €0.99, and no offer now"
    german = sent(replace(wrong, reader=Reader("de")))
    assert german["Subject"] == "Korrektur zu A kettle: nicht 0,99 €, sondern 15,99 €"


def test_a_german_mail_is_german_throughout() -> None:
    reason = reason_in_words(Asked(Offer.AMAZON, PriceAtOrBelow(1400)), "EUR", Reader("de"))
    shown = about(
        replace(MESSAGE, reader=Reader("de", "Europe/Berlin")), reason=reason, snooze_url=STOP, title="Kessel"
    )
    for message in (
        shown,
        about(shown, price=None),
        about(shown, ends=True, old_price=None),
        about(shown, corrects=True),
        replace(shown, items=shown.items * 2, more=3),
    ):
        mail = sent(message)
        for text in (
            mail["Subject"],
            part(mail, "plain"),
            re.sub("<style.*?</style>|<[^>]+>", " ", part(mail, "html"), flags=re.S),
        ):
            english = re.search(
                r"\b(the|price|your|you|seen|lowest|stop|more|watch|offer|for|now)\b",
                text.replace("/watch", ""),
                re.I,
            )
            assert english is None, text
    assert 'lang="de"' in part(sent(shown), "html")
    text = part(sent(shown), "plain")
    assert (
        "Du wolltest Bescheid, wenn gilt: der Preis liegt bei 14,00\u00a0€ oder darunter (Preis von Amazon selbst)."
        in text
    )
    assert "Der niedrigste Preis seit 19. Februar 2025 war 11,99\u00a0€, am 15. Juni 2025." in text


def test_a_language_that_we_do_not_speak_gets_english_words_and_dates_and_its_own_amounts() -> None:
    mail = sent(replace(MESSAGE, reader=Reader("fr-FR", "Europe/Paris")))
    assert mail["Subject"].endswith(": 12,99 € (was 15,99 €)")
    assert "Seen 25 November 2025, 11:40 CET." in part(mail, "plain")


def test_a_digest_has_all_its_items_and_one_link_that_ends_them() -> None:
    other = replace(ITEM, alert_id=8, title="A lamp", price=500, old_price=None)
    mail = sent(replace(MESSAGE, key="digest-3-1764067200", items=(ITEM, other), stop_url="https://p.example/stop/all"))
    assert mail["Subject"] == "Größe <b>M</b> & more: €12.99 (was €15.99) and 1 more"
    assert mail["Message-ID"] == "<digest-3-1764067200@pennywren.example.org>"
    assert mail["List-Unsubscribe"] == "<https://p.example/stop/all>"
    for kind in ("plain", "html"):
        text = part(mail, kind)
        assert "2 prices that you watch" in text
        assert "A lamp" in text
        assert "https://p.example/stop/all" in text


def test_a_chart_travels_with_the_mail_and_is_shown_by_it() -> None:
    picture = b"\x89PNG\r\n\x1a\n not really"
    mail = sent(about(chart=picture))
    (image,) = [each for each in mail.walk() if each.get_content_type() == "image/png"]
    assert image.get_content() == picture
    assert image["Content-ID"] == "<chart-7@pennywren.example.org>"
    assert 'src="cid:chart-7@pennywren.example.org"' in part(mail, "html")
    assert "prefers-color-scheme" in part(mail, "html")


def test_a_snooze_link_is_shown_where_there_is_one() -> None:
    for kind in ("plain", "html"):
        assert "Quiet for a while" not in part(sent(MESSAGE), kind)
        assert "https://p.example/snooze/x" in part(sent(about(snooze_url="https://p.example/snooze/x")), kind)


def test_the_html_asks_for_nothing_from_anywhere_and_fits_light_and_dark() -> None:
    html = part(sent(MESSAGE), "html")
    assert not re.search(r"<(img|script|link|iframe|object|video)\b|url\(|@import|\bsrc=", html)
    assert "prefers-color-scheme: dark" in html
    assert 'content="light dark"' in html
    assert "Größe &lt;b&gt;M&lt;/b&gt; &amp; more" in html


HOSTILE = [
    "Kettle\r\nBcc: victim@example.org\r\n\r\nhello",
    "Kettle\nBcc: victim@example.org",
    "gnp.\u202eelttek",
    "\u2066Kettle\u2069\u200f",
    "Ket\x00tle\x07",
    "\ud800Kettle",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "Kettle\u2028Bcc: x",
    "k" * 10_000_000,
    "=?utf-8?b?4oCuZXZpbA==?=",
]


@pytest.mark.parametrize("title", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_title_is_only_text(title: str) -> None:
    mail = sent(about(title=plain_title(title) or "x"))
    assert set(mail.keys()) == set(sent(MESSAGE).keys())
    html = part(mail, "html")
    assert "<script" not in html
    assert "<img" not in html
    subject = str(mail["Subject"])
    assert len(subject) < 150
    assert subject.endswith(": €12.99 (was €15.99)")
    assert not re.search(
        "[\x00-\x1f\u202a-\u202e\u2066-\u2069\u200e\u200f\u2028]", subject + re.sub("\\r?\\n", "", html)
    )


@given(st.text(st.characters(codec=None), max_size=400))
def test_any_title_becomes_one_line_that_can_be_sent(title: str) -> None:
    line = plain_title(title)
    assert len(line) <= TITLE_LIMIT
    assert line == " ".join(line.split())
    assert plain_title(line) == line
    sent(about(title=line or "x"))


def test_joiners_that_words_and_emoji_need_stay() -> None:
    assert plain_title("می\u200cخواهم 👨\u200d👩\u200d👧") == "می\u200cخواهم 👨\u200d👩\u200d👧"


@pytest.mark.parametrize("address", ["no one", "", "a@b@c", "ann@example.org\r\nBcc: x@example.org", "@example.org"])
def test_what_is_no_address_is_a_permanent_failure(address: str) -> None:
    with pytest.raises(DeliveryError) as caught:
        compose(replace(MESSAGE, to=address), "alerts@pennywren.example.org", NOW)
    assert caught.value.permanent


def test_a_sender_without_an_address_is_refused() -> None:
    with pytest.raises(BadSetting, match="PENNYWREN_MAIL_FROM"):
        read_sender("Pennywren")

"""What a gateway is asked, what a short message says, and what it costs."""

import json
from dataclasses import replace
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pennywren.accounts.phones import checked_number
from pennywren.errors import BadInput, BadSetting
from pennywren.notify.channels import Reader
from pennywren.notify.channels.push.channel import notification
from pennywren.notify.channels.sms.channel import alert_text
from pennywren.notify.channels.sms.gateway import DEFAULT_BODY, checked_template, fill, parts_of
from tests.unit.notify.test_mail import MESSAGE, about


@given(st.text(), st.text())
def test_no_text_says_more_than_it_is(text: str, key: str) -> None:
    text, key = (each.encode("utf-8", "replace").decode() for each in (text, key))
    values = {"to": "+436601234567", "text": text, "id": key}
    assert json.loads(fill(DEFAULT_BODY, values)) == {"to": "+436601234567", "text": text, "reference": key}
    form = parse_qs(fill("To={to}&From=%2B15550100&Body={text}", values).decode(), keep_blank_values=True)
    assert form == {"To": ["+436601234567"], "From": ["+15550100"], "Body": [text]}


@pytest.mark.parametrize("template", ["", "{to}", "{text}", '{"to": "{to}", "text": {text}}', '{"{to}{text}'])
def test_a_template_that_cannot_work_is_refused(template: str) -> None:
    with pytest.raises(BadSetting, match="PENNYWREN_SMS_GATEWAY_BODY"):
        checked_template(template)


@pytest.mark.parametrize(
    ("text", "parts"),
    [("", 1), ("a" * 160, 1), ("a" * 161, 2), ("a" * 306, 2), ("a" * 307, 3), ("€" * 80, 1), ("€" * 81, 2),
     ("ж" * 70, 1), ("ж" * 71, 2), ("👍" * 35, 1), ("👍" * 36, 2)],
)  # fmt: skip
def test_a_text_costs_as_many_messages_as_networks_make_of_it(text: str, parts: int) -> None:
    assert parts_of(text) == parts


def test_an_alert_fits_into_one_message_and_says_how_to_end_them() -> None:
    text = alert_text(about(title="Sony WH-1000XM5 Wireless Industry Leading Noise Canceling Headphones with Auto"))
    assert text.endswith("https://pennywren.example.org/products/de:B08N5WRWNW STOP ends these.")
    assert "€12.99 (was €15.99)" in text
    assert parts_of(text) == 1
    assert "account" in alert_text(replace(MESSAGE, items=MESSAGE.items * 2))


def test_a_german_text_is_german_and_fits_as_well() -> None:
    text = alert_text(
        about(replace(MESSAGE, reader=Reader("de")), title="Kabelloser Kopfhörer mit Rauschunterdrückung und mehr")
    )
    assert ": 12,99 € (vorher 15,99 €) https://" in text
    assert text.endswith(" STOP beendet das.")
    assert parts_of(text) == 1


def test_a_notification_speaks_the_reader_s_language() -> None:
    german = about(replace(MESSAGE, reader=Reader("de")), title="Kessel", reason="Du wolltest Bescheid.")
    shown = json.loads(notification(german))
    assert (shown["title"], shown["body"]) == ("Kessel", "12,99\u00a0€ (vorher 15,99\u00a0€). Du wolltest Bescheid.")
    assert json.loads(notification(replace(german, items=german.items * 2)))["title"].endswith(" und 1 weiterer")
    assert json.loads(notification(about(german, ends=True)))["title"] == "Dein Wunsch ist zu Ende: Kessel"


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("+43 660 123 4567", "+436601234567"),
        ("0043-660-1234567", "+436601234567"),
        (" +1 (555) 010.0199 ", "+15550100199"),
    ],
)
def test_a_number_is_read_as_people_write_it(typed: str, number: str) -> None:
    assert checked_number(typed) == number


@pytest.mark.parametrize("typed", ["", "0660 1234567", "+0123456789", "+43abc", "+1234567890123456", "+43\n6601234567"])
def test_what_is_no_international_number_is_refused(typed: str) -> None:
    with pytest.raises(BadInput, match="country"):
        checked_number(typed)

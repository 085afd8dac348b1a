"""Bounces and complaints as mail systems send them, and everything else that comes to a mailbox."""

from email import policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pennywren.notify.mail_reports import Report, read_report

BACK = "bounces+alert-7.0123456789abcdef@bounces.example.org"


def bounce(*, action: str = "failed", status: str = "5.1.1", to: str = f"Alerts <{BACK}>") -> bytes:
    """A bounce, as Postfix writes it."""
    return (
        f"From: MAILER-DAEMON@mx.example.net\r\nTo: {to}\r\nSubject: Undelivered Mail\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nI'm sorry.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.net\r\n\r\n"
        f"Final-Recipient: rfc822; ann@example.net\r\nAction: {action}\r\nStatus: {status}\r\n"
        "Diagnostic-Code: smtp; 550 5.1.1 <ann@example.net>:\r\n no such user\r\n\r\n"
        "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\nhello\r\n--b--\r\n"
    ).encode()


def complaint(kind: str = "abuse") -> bytes:
    """A complaint, as providers send it (ARF)."""
    return (
        "From: fbl@example.net\r\nTo: abuse@example.org\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=feedback-report; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nA complaint.\r\n"
        f"--b\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: {kind}\r\nVersion: 1\r\n"
        f"Original-Mail-From: <{BACK}>\r\n\r\n"
        "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\nhello\r\n--b--\r\n"
    ).encode()


def test_a_bounce_says_to_which_return_address_it_came_and_that_it_is_for_good() -> None:
    assert read_report(bounce()) == Report("bounce", (BACK,), True, "smtp; 550 5.1.1 <ann@example.net>: no such user")


def test_a_bounce_of_now_is_not_for_good() -> None:
    found = read_report(bounce(status="4.2.2"))
    assert found is not None
    assert not found.permanent


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded"])
def test_a_delay_or_a_success_is_no_bounce(action: str) -> None:
    assert read_report(bounce(action=action)) is None


def test_a_complaint_says_which_mail_it_is_about() -> None:
    found = read_report(complaint())
    assert found is not None
    assert (found.kind, found.detail) == ("complaint", "abuse")
    assert f"<{BACK}>" in found.return_paths
    assert read_report(complaint("not-spam")) is None


def test_a_mail_of_a_person_is_no_report() -> None:
    mail = EmailMessage(policy=policy.SMTP)
    mail["To"], mail["Subject"] = BACK, "Out of office"
    mail.set_content("I am away.")
    assert read_report(mail.as_bytes()) is None


@given(st.binary(max_size=400))
def test_whatever_comes_is_read_without_harm(noise: bytes) -> None:
    for raw in (noise, bounce()[:300] + noise, bounce().replace(b"Action", noise[:40]), complaint() + noise):
        read_report(raw)

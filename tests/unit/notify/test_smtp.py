"""Where mails are handed over, and what each failure means for a retry."""

from datetime import timedelta

import pytest
from aiosmtplib import (
    SMTPAuthenticationError,
    SMTPConnectError,
    SMTPDataError,
    SMTPReadTimeoutError,
    SMTPRecipientRefused,
    SMTPRecipientsRefused,
    SMTPSenderRefused,
    SMTPServerDisconnected,
)

from pennywren.errors import BadSetting
from pennywren.notify.channels.email.smtp import SmtpServer, delivery_error, read_smtp_url
from pennywren.notify.deliveries import GIVE_UP_AFTER, retry_after


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://127.0.0.1:1025", SmtpServer("127.0.0.1", 1025, tls=False, user=None, password=None)),
        ("smtp://mx.example.org", SmtpServer("mx.example.org", 25, tls=False, user=None, password=None)),
        ("smtp://ann:p%40ss@mx.example.org", SmtpServer("mx.example.org", 587, tls=False, user="ann", password="p@ss")),
        ("smtps://a%40b:c@mx.example.org", SmtpServer("mx.example.org", 465, tls=True, user="a@b", password="c")),
    ],
)
def test_an_smtp_url_is_read(url: str, server: SmtpServer) -> None:
    assert read_smtp_url(url) == server


@pytest.mark.parametrize("url", ["", "http://x", "smtp://", "smtp://host:port", "smtp://host:0", "mx.example.org:25"])
def test_what_is_no_smtp_url_is_refused_without_quoting_a_password(url: str) -> None:
    with pytest.raises(BadSetting, match="PENNYWREN_SMTP_URL"):
        read_smtp_url(url)


@pytest.mark.parametrize(
    ("fault", "permanent"),
    [
        (SMTPRecipientsRefused([SMTPRecipientRefused(550, "no", "ann@example.org")]), True),
        (SMTPRecipientsRefused([SMTPRecipientRefused(450, "later", "ann@example.org")]), False),
        (SMTPDataError(554, "spam"), True),
        (SMTPDataError(451, "later"), False),
        # About us and not about the mail: an operator mends it, and the alerts wait.
        (SMTPSenderRefused(550, "who are you", "alerts@example.org"), False),
        (SMTPAuthenticationError(535, "wrong password"), False),
        (SMTPReadTimeoutError("slow"), False),
        (SMTPServerDisconnected("gone"), False),
        (SMTPConnectError("nobody there"), False),
        (ConnectionResetError(), False),
        (TimeoutError(), False),
    ],
)
def test_only_a_refusal_of_this_mail_is_permanent(fault: Exception, permanent: bool) -> None:
    error = delivery_error(fault)
    assert error.permanent is permanent
    assert "example.org" not in error.message


def test_retries_wait_longer_each_time_up_to_an_hour() -> None:
    waits = [retry_after(attempt) for attempt in range(1, 40)]
    assert waits[:3] == [timedelta(seconds=30), timedelta(seconds=60), timedelta(seconds=120)]
    assert waits == sorted(waits)
    assert max(waits) == timedelta(hours=1)
    assert sum(waits[:20], timedelta()) < GIVE_UP_AFTER


@pytest.mark.parametrize(
    ("fault", "gone"),
    [
        (SMTPRecipientRefused(550, "no such user", "ann@example.org"), True),
        (SMTPRecipientRefused(550, "5.1.1 no such user", "ann@example.org"), True),
        (SMTPRecipientRefused(550, "5.2.1 disabled", "ann@example.org"), True),
        (SMTPRecipientRefused(550, "5.7.1 we do not like you", "ann@example.org"), False),
        (SMTPRecipientRefused(552, "5.2.2 full", "ann@example.org"), False),
        (SMTPRecipientRefused(450, "4.1.1 later", "ann@example.org"), False),
        (SMTPDataError(550, "5.1.1 looks like spam"), False),
    ],
)
def test_only_a_mailbox_that_is_not_there_makes_an_address_useless(fault: Exception, gone: bool) -> None:
    assert delivery_error(fault).address_gone is gone

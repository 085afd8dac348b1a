"""The e-mail channel: one SMTP connection for a batch, and what each answer means for a retry.

What a server says for good (5xx) about a message or its recipient is permanent. Everything else is tried again: 4xx,
timeouts, lost connections, and also what it says for good about us (our login, our sender), because that is mended
by an operator and no reason to lose an alert.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit

from aiosmtplib import (
    SMTP,
    SMTPDataError,
    SMTPException,
    SMTPNotSupported,
    SMTPRecipientRefused,
    SMTPRecipientsRefused,
    SMTPResponseException,
)

from pennywren.errors import BadSetting, DeliveryError
from pennywren.model.clock import Clock
from pennywren.notify.channels import Message, Outcome
from pennywren.notify.channels.email.message import compose, message_id, read_sender

TIMEOUT: Final = 20.0
"""Seconds that a server may take for one answer."""

MESSAGE_TIME: Final = 40.0
"""Seconds that one message may take, connecting included."""

BATCH_TIME: Final = 60.0
"""Seconds after which no further message of a batch is begun: the claim on it must outlast its delivery."""

_FAULTS: Final = (SMTPException, OSError, TimeoutError)


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mails are handed over."""

    host: str
    port: int
    tls: bool
    user: str | None
    password: str | None


def read_smtp_url(url: str) -> SmtpServer:
    """Read `smtp://user:password@host:port` (STARTTLS where the server has it) or `smtps://…`.

    Raises:
        BadSetting: not such a URL.
    """
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = 0
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or port == 0:
        raise BadSetting("PENNYWREN_SMTP_URL: write smtp://user:password@host:port, or smtps:// for TLS from the start")
    tls = parts.scheme == "smtps"
    return SmtpServer(
        host=parts.hostname,
        port=port or (465 if tls else 587 if parts.username else 25),
        tls=tls,
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
    )


class EmailChannel:
    """Sends mails through one server."""

    name = "email"

    def __init__(
        self,
        server: SmtpServer,
        mail_from: str,
        clock: Clock,
        *,
        timeout: float = TIMEOUT,
        stopwatch: Callable[[], float] = time.monotonic,
    ) -> None:
        """`timeout` is in seconds; `stopwatch` answers seconds that only go forward."""
        self._server = server
        self._from = mail_from
        self._domain = read_sender(mail_from)[1].rpartition("@")[2]
        self._clock = clock
        self._timeout = timeout
        self._stopwatch = stopwatch

    async def deliver(self, messages: Sequence[Message]) -> AsyncGenerator[Outcome]:
        """Send messages over one connection; a connection that was lost is not opened again for the rest of them."""
        begun = self._stopwatch()
        client = self._client()
        broken: DeliveryError | None = None
        try:
            for message in messages:
                if self._stopwatch() - begun > BATCH_TIME:
                    broken = DeliveryError("the mail server is too slow", permanent=False)
                error = broken or await self._send(client, message)
                if broken is None and error is not None and not error.permanent and not client.is_connected:
                    broken = DeliveryError(f"not tried: {error.message}", permanent=False)
                yield Outcome(message, message_id(message.alert_id, self._domain), error)
        finally:
            await self._part(client)

    def _client(self) -> SMTP:
        server = self._server
        return SMTP(
            hostname=server.host,
            port=server.port,
            use_tls=server.tls,
            username=server.user,
            password=server.password,
            local_hostname=self._domain,
            timeout=self._timeout,
        )

    async def _send(self, client: SMTP, message: Message) -> DeliveryError | None:
        try:
            mail = compose(message, self._from, self._clock())
        except DeliveryError as error:
            return error
        try:
            async with asyncio.timeout(MESSAGE_TIME):
                if not client.is_connected:
                    await client.connect()
                await client.send_message(mail)
        except _FAULTS as fault:
            if isinstance(fault, OSError | TimeoutError):
                # After a timeout the answers would be those of the command before.
                client.close()
            return delivery_error(fault)
        except ValueError:
            return DeliveryError("this is not an address that can be mailed", permanent=True)
        return None

    async def _part(self, client: SMTP) -> None:
        if not client.is_connected:
            return
        try:
            async with asyncio.timeout(1):
                await client.quit()
        except _FAULTS:
            client.close()


def delivery_error(fault: Exception) -> DeliveryError:
    """What a failure of SMTP means: permanent or to be tried again, without the address that the server may quote."""
    if isinstance(fault, SMTPRecipientsRefused):
        fault = fault.recipients[0]
    if isinstance(fault, SMTPNotSupported):
        return DeliveryError("the mail server cannot take this address", permanent=True)
    if isinstance(fault, SMTPResponseException):
        about_it = isinstance(fault, SMTPRecipientRefused | SMTPDataError)
        return DeliveryError(f"the mail server said {fault.code}", permanent=about_it and 500 <= fault.code < 600)
    if isinstance(fault, TimeoutError):
        return DeliveryError("the mail server did not answer in time", permanent=False)
    return DeliveryError(f"the mail server is not reachable ({type(fault).__name__})", permanent=False)

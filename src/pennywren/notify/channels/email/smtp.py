"""The e-mail channel: a few SMTP connections that stay open, and what each answer means for a retry.

What a server says for good (5xx) about a message or its recipient is permanent. Everything else is tried again: 4xx,
timeouts, lost connections, and also what it says for good about us (our login, our sender), because that is mended
by an operator and no reason to lose an alert.
"""

import asyncio
import re
import time
from collections import deque
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

LEASE: Final = 120.0
"""Seconds that a claim lasts, where nothing else is set. A third of it is for one message, connecting included; after a
half of it no further message of a batch is begun."""

ReturnPath = Callable[[str], str]
"""The return address of the message with this key."""

_ENHANCED: Final = re.compile(r"5\.(\d{1,3})\.\d{1,3}")
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
    """Sends mails through one server, over several connections that stay open from one batch to the next."""

    name = "email"

    def __init__(
        self,
        server: SmtpServer,
        mail_from: str,
        clock: Clock,
        *,
        connections: int = 1,
        lease: float = LEASE,
        timeout: float = TIMEOUT,
        return_path: ReturnPath | None = None,
        stopwatch: Callable[[], float] = time.monotonic,
    ) -> None:
        """`lease` is the seconds that a claim on a batch lasts, which its delivery must not outlast.

        `timeout` is the seconds of one answer, `stopwatch` answers seconds that only go forward, and `return_path` is
        where bounces of a message go; the sender's own address where it is not given.
        """
        self._server = server
        self._from = mail_from
        self._domain = read_sender(mail_from)[1].rpartition("@")[2]
        self._clock = clock
        self._timeout = min(timeout, lease / 6)
        self._message_time = lease / 3
        self._batch_time = lease / 2
        self._return_path = return_path
        self._stopwatch = stopwatch
        self._idle = [self._client() for _ in range(max(connections, 1))]

    async def deliver(self, messages: Sequence[Message]) -> AsyncGenerator[list[Outcome]]:
        """Send messages; where a fresh connection does not carry one, the server is down and the rest is not tried."""
        batch = _Batch(deque(messages), until=self._stopwatch() + self._batch_time)
        known: asyncio.Queue[_Known] = asyncio.Queue()
        lines = [asyncio.create_task(self._work(client, batch, known)) for client in self._idle[: len(messages)]]
        try:
            left = len(messages)
            while left:
                # While one is kept, others become known: those are kept at once.
                several = [await known.get()]
                while not known.empty():
                    several.append(known.get_nowait())
                yield [outcome for outcome, _ in several]
                for _, kept in several:
                    kept.set()
                left -= len(several)
        finally:
            for line in lines:
                line.cancel()
            await asyncio.gather(*lines, return_exceptions=True)

    async def aclose(self) -> None:
        """Say goodbye on every connection."""
        await asyncio.gather(*(_part(client) for client in self._idle))

    async def _work(self, client: SMTP, batch: "_Batch", known: "asyncio.Queue[_Known]") -> None:
        """Send what is left of a batch over one connection, beside the others.

        What became of a mail is on record before the next one is sent: whoever is killed in between repeats one.
        """
        proven = client.is_connected
        while batch.left:
            message = batch.left.popleft()
            if batch.broken is None and self._stopwatch() > batch.until:
                batch.broken = DeliveryError("the mail server is too slow", permanent=False)
            error = batch.broken or await self._send(client, message)
            if error is None or client.is_connected:
                proven = True
            elif batch.broken is None and not error.permanent:
                # A connection that had carried mails may just have been cut: the next message opens another one.
                if not proven:
                    batch.broken = DeliveryError(f"not tried: {error.message}", permanent=False)
                proven = False
            kept = asyncio.Event()
            known.put_nowait((Outcome(message, message_id(message.key, self._domain), error), kept))
            await kept.wait()

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
        sender = self._return_path(message.key) if self._return_path else None
        try:
            async with asyncio.timeout(self._message_time):
                if not client.is_connected:
                    await client.connect()
                await client.send_message(mail, sender=sender)
        except _FAULTS as fault:
            if isinstance(fault, OSError | TimeoutError):
                # After a timeout the answers would be those of the command before.
                client.close()
            return delivery_error(fault)
        except ValueError:
            return DeliveryError("this is not an address that can be mailed", permanent=True)
        return None


_Known = tuple[Outcome, asyncio.Event]
"""What became of a message, and that this was kept."""


@dataclass(slots=True)
class _Batch:
    left: deque[Message]
    until: float
    broken: DeliveryError | None = None
    """Set where the server does not work at all."""


async def _part(client: SMTP) -> None:
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
        return DeliveryError(
            f"the mail server said {fault.code}",
            permanent=about_it and 500 <= fault.code < 600,
            address_gone=isinstance(fault, SMTPRecipientRefused) and _is_gone(fault.code, fault.message),
        )
    if isinstance(fault, TimeoutError):
        return DeliveryError("the mail server did not answer in time", permanent=False)
    return DeliveryError(f"the mail server is not reachable ({type(fault).__name__})", permanent=False)


def _is_gone(code: int, text: str) -> bool:
    """Whether a refusal of a recipient says that there is no such mailbox (RFC 3463: 5.1.x, 5.2.1).

    Others mind our mail and not the address. Without an enhanced code, 550, 551 and 553 are what RFC 5321 has for that.
    """
    found = _ENHANCED.match(text.strip())
    if found is None:
        return code in (550, 551, 553)
    return found[1] == "1" or found[0] == "5.2.1"

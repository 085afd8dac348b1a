"""A mail server in the test's own loop, which answers as the test wants."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP


class MailServer:
    """What a mail server took, and what it says next, by address.

    `rcpt` and `data` are answers; `hang` gets none, `cut` loses its connection.
    """

    def __init__(self) -> None:
        self.port = 0
        self.mails: list[EmailMessage] = []
        self.senders: list[str] = []
        self.connections = 0
        self.rcpt: dict[str, str] = {}
        self.data: dict[str, str] = {}
        self.hang: set[str] = set()
        self.cut: set[str] = set()
        self.is_hanging = asyncio.Event()
        self._goes_on = asyncio.Event()

    def go_on(self) -> None:
        """Answer those that hang."""
        self._goes_on.set()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"smtp://127.0.0.1:{self.port}"

    async def handle_RCPT(  # noqa: N802  -- as aiosmtpd names it
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        """Say what the test wants to a recipient."""
        if address not in self.rcpt:
            envelope.rcpt_tos.append(address)
        return self.rcpt.get(address, "250 OK")

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        """Say what the test wants to a mail, and keep it if it was taken."""
        (address,) = envelope.rcpt_tos
        if address in self.cut:
            server.transport.abort()
            return "421 gone"
        if address in self.hang:
            self.is_hanging.set()
            await self._goes_on.wait()
        if address in self.data:
            return self.data[address]
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        self.senders.append(str(envelope.mail_from))
        return "250 taken"

    def connect(self) -> SMTP:
        """Serve one connection."""
        self.connections += 1
        return SMTP(self, enable_SMTPUTF8=True, hostname="localhost")


@asynccontextmanager
async def mail_server() -> AsyncGenerator[MailServer]:
    """A mail server on a free port."""
    mails = MailServer()
    server = await asyncio.get_running_loop().create_server(mails.connect, "127.0.0.1", 0)
    mails.port = server.sockets[0].getsockname()[1]
    try:
        yield mails
    finally:
        mails.go_on()
        server.close()
        await server.wait_closed()

"""A mail server that answers 451, 550 and nothing at all now and then, and counts what it took."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from typing import Any

from aiosmtpd.smtp import SMTP

SILENCE_S = 30.0
"""Longer than any client of ours waits."""


@dataclass
class MailPeer:
    """What it took, by Message-ID, and what it refused for good. Each share is one of all mails."""

    chance: random.Random
    later: float = 0.03
    never: float = 0.01
    silent: float = 0.01
    port: int = 0
    taken: Counter[str] = field(default_factory=Counter[str])
    refused: set[str] = field(default_factory=set[str])

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  -- as aiosmtpd has it
        """Take a mail, or not."""
        name = str(message_from_bytes(envelope.content, policy=policy.default)["Message-ID"])
        drawn = self.chance.random()
        if drawn < self.silent:
            await asyncio.sleep(SILENCE_S)
            return "451 too late"
        if drawn < self.silent + self.later:
            return "451 later"
        if drawn < self.silent + self.later + self.never and name not in self.taken:
            self.refused.add(name)
            return "550 not this one"
        self.taken[name] += 1
        return "250 taken"


@asynccontextmanager
async def mail_peer(chance: random.Random) -> AsyncGenerator[MailPeer]:
    """A mail server on a free port."""
    peer = MailPeer(chance)
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(peer, hostname="localhost"), "127.0.0.1", 0)
    peer.port = server.sockets[0].getsockname()[1]
    try:
        yield peer
    finally:
        server.close()

"""A mailbox for one machine: an SMTP server that keeps every mail in a Maildir.

Run as `python -m pennywren.local.mailbox --port PORT --dir FOLDER`. It listens on the loopback interface and relays
nothing.
"""

import asyncio
import mailbox
import sys
from pathlib import Path
from typing import Final

import click
from aiosmtpd.smtp import SMTP, Envelope, Session

_HOST: Final = "127.0.0.1"
_MAX_BYTES: Final = 10 * 1024 * 1024


class _Keeper:
    """Puts what arrives in the Maildir, on disk before the sender hears of success."""

    def __init__(self, folder: Path) -> None:
        folder.parent.mkdir(parents=True, exist_ok=True)
        self._maildir = mailbox.Maildir(str(folder), create=True)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  -- their name
        self._maildir.add(mailbox.MaildirMessage(envelope.original_content or b""))
        return "250 kept"


async def serve(port: int, folder: Path) -> None:
    """Take mails until cancelled."""
    keeper = _Keeper(folder)
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(keeper, hostname="localhost", data_size_limit=_MAX_BYTES, enable_SMTPUTF8=True), _HOST, port
    )
    async with server:
        await server.serve_forever()


@click.command()
@click.option("--port", type=int, required=True, help="Port of the loopback interface to listen on.")
@click.option("--dir", "folder", type=click.Path(path_type=Path), required=True, help="The Maildir.")
def main(port: int, folder: Path) -> None:
    """Take every mail that is sent to it, and keep it in a Maildir."""
    asyncio.run(serve(port, folder))


if __name__ == "__main__":
    sys.exit(main())

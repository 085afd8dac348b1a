"""Reading the local mailbox; apart from its server, so that the API needs nothing of the embedded parts."""

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import TypedDict

Mail = TypedDict(
    "Mail",
    {
        "to": str,
        "from": str,
        "subject": str,
        "date": str,
        "text": str | None,
        "html": str | None,
        "headers": dict[str, str],
    },
)
"""One mail as a reader shows it; `headers` has the last of each name."""


def read_mails(folder: Path) -> list[Mail]:
    """The mails of a Maildir in the order in which they came. None where there is no mailbox yet."""
    files: list[tuple[int, str, bytes]] = []
    for part in ("new", "cur"):
        for path in (folder / part).glob("*"):
            try:
                files.append((path.stat().st_mtime_ns, path.name, path.read_bytes()))
            except FileNotFoundError:
                continue  # a reader of the Maildir moved it in between
    return [_read(content) for _, _, content in sorted(files)]


def _read(content: bytes) -> Mail:
    message = message_from_bytes(content, _class=EmailMessage, policy=SMTP)
    return {
        "to": str(message.get("To", "")),
        "from": str(message.get("From", "")),
        "subject": str(message.get("Subject", "")),
        "date": str(message.get("Date", "")),
        "text": _body(message, "plain"),
        "html": _body(message, "html"),
        "headers": {name: str(value) for name, value in message.items()},
    }


def _body(message: EmailMessage, kind: str) -> str | None:
    part = message.get_body((kind,))
    content = part.get_content() if part is not None else None
    return content.replace("\r\n", "\n") if isinstance(content, str) else None

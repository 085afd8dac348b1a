"""Mails about our mails: bounces (RFC 3464) and complaints (ARF, RFC 5965), as mail systems send them back.

They are strangers' mails: whatever cannot be read says nothing, and what they say is only believed of the mail whose
return address they show, because that carries a MAC; anybody may name a Message-ID.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage, Message
from email.utils import getaddresses
from typing import Any, Final, Literal, cast

MAX_SIZE: Final = 1024 * 1024
"""Bytes of a report that are read."""

_TO: Final = ("X-Original-To", "Delivered-To", "To")
_STATUS: Final = re.compile(r"([245])\.\d{1,3}\.\d{1,3}")
_DETAIL_LIMIT: Final = 200


@dataclass(frozen=True, slots=True)
class Report:
    """What one report says."""

    kind: Literal["bounce", "complaint"]
    return_paths: tuple[str, ...]
    """Where it came to, and what it says that our mail was sent from: one of them may be a return address of ours."""
    permanent: bool
    detail: str | None


def read_report(raw: bytes) -> Report | None:
    """What a mail reports; None if it is no report, or one of a delay or a success."""
    mail = message_from_bytes(raw[:MAX_SIZE], policy=policy.default)
    if mail.get_content_type() != "multipart/report":
        return None
    kind = str(mail.get_param("report-type", "")).lower()
    parts = {part.get_content_type(): part for part in mail.walk()}
    paths = [address for name in _TO for _, address in getaddresses([str(each) for each in mail.get_all(name, [])])]
    if kind == "delivery-status":
        status = parts.get("message/delivery-status")
        failed = [block for block in _blocks(status) if _field(block, "Action").lower() == "failed"]
        if not failed:
            return None
        code = _STATUS.search(_field(failed[0], "Status"))
        detail = _field(failed[0], "Diagnostic-Code") or _field(failed[0], "Status")
        permanent = code is None or code[1] == "5"
        return Report("bounce", tuple(paths), permanent, detail[:_DETAIL_LIMIT] or None)
    if kind == "feedback-report":
        blocks = list(_blocks(parts.get("message/feedback-report")))
        if any(_field(block, "Feedback-Type").lower() == "not-spam" for block in blocks):
            return None
        paths += [_field(block, "Original-Mail-From") for block in blocks]
        words = next((_field(block, "Feedback-Type") for block in blocks), "")
        return Report("complaint", tuple(filter(None, paths)), permanent=True, detail=words[:50] or None)
    return None


def _blocks(part: Message | None) -> Iterator[Message]:
    """The groups of fields of a status; each is read as a message by itself."""
    payload: Any = part.get_payload() if part is not None else None
    if isinstance(payload, list):
        blocks = cast("list[Any]", payload)
        yield from (block for block in blocks if isinstance(block, Message))
    elif isinstance(part, EmailMessage) and isinstance(payload, str):
        yield message_from_bytes(payload.encode("utf-8", "replace"), policy=policy.default)


def _field(block: Message, name: str) -> str:
    return " ".join(str(block.get(name, "")).split())

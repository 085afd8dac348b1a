"""Signatures of webhooks, as Standard Webhooks has them: https://www.standardwebhooks.com

`webhook-signature: v1,BASE64` is HMAC-SHA256 over `ID.TIMESTAMP.BODY`; while a key is being replaced there are two,
with a space between them. A secret is written `whsec_BASE64`.
"""

import hmac
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Sequence
from hashlib import sha256
from typing import Final

_PREFIX: Final = "whsec_"


def derive_secret(key: bytes, webhook_id: int, number: int) -> str:
    """The secret of a webhook's key of that number; derived, so that none has to be kept."""
    made = hmac.digest(key, b"pennywren webhook\0%d\0%d" % (webhook_id, number), "sha256")
    return _PREFIX + b64encode(made).decode()


def sign(secrets: Sequence[str], message_id: str, timestamp: int, body: bytes) -> str:
    """The signature header: one signature for each secret. `timestamp` is seconds since the epoch."""
    signed = b"%b.%d.%b" % (message_id.encode(), timestamp, body)
    return " ".join(f"v1,{b64encode(_mac(secret, signed)).decode()}" for secret in secrets)


def verify(secret: str, message_id: str, timestamp: int, body: bytes, header: str) -> bool:
    """Whether one of the header's signatures is this secret's."""
    wanted = sign([secret], message_id, timestamp, body).encode()
    return any(hmac.compare_digest(wanted, found.encode()) for found in header.split(" "))


def _mac(secret: str, signed: bytes) -> bytes:
    text = secret.removeprefix(_PREFIX)
    try:
        key = b64decode(text, validate=True)
    except (Base64Error, ValueError):
        key = text.encode()
    return hmac.digest(key, signed, sha256)

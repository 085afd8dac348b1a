"""Signed links: what a mail carries so that one tap acts without a sign-in.

A link names a subscription and proves that we wrote it; it never ends, because mails are kept for years.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final

from pennywren.errors import NotFound

UNSUBSCRIBE_KEY: Final = "unsubscribe-links"
"""The name of the signing key in `postgres.secrets`."""

_ID_BYTES: Final = 8
_MAC_BYTES: Final = 16
_TOKEN_LENGTH: Final = (_ID_BYTES + _MAC_BYTES) * 4 // 3


def sign_unsubscribe(key: bytes, subscription_id: int) -> str:
    """The token of a subscription's unsubscribe link: 32 characters, safe in an address."""
    body = subscription_id.to_bytes(_ID_BYTES, "big")
    return urlsafe_b64encode(body + _mac(key, body)).decode()


def read_unsubscribe(key: bytes, token: str) -> int:
    """The subscription that an unsubscribe link names.

    Raises:
        NotFound: we did not write this link.
    """
    if len(token) == _TOKEN_LENGTH and token.isascii():
        try:
            raw = urlsafe_b64decode(token)
        except ValueError:
            raw = b""
        body, mac = raw[:_ID_BYTES], raw[_ID_BYTES:]
        # The second test refuses other spellings of the same bytes.
        if hmac.compare_digest(mac, _mac(key, body)) and urlsafe_b64encode(raw).decode() == token:
            return int.from_bytes(body, "big")
    raise NotFound("This unsubscribe link is not one of ours: was it cut off?")


def unsubscribe_url(base_url: str, key: bytes, subscription_id: int) -> str:
    """The whole link; its GET shows a button, its POST acts (RFC 8058)."""
    return f"{base_url}/unsubscribe/{sign_unsubscribe(key, subscription_id)}"


def _mac(key: bytes, body: bytes) -> bytes:
    return hmac.digest(key, b"pennywren unsubscribe\0" + body, "sha256")[:_MAC_BYTES]

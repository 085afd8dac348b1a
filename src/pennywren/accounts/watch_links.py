"""The link of a mail under which a watch is snoozed or paused by one tap, without a sign-in."""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final

from pennywren.errors import NotFound

_ID_BYTES: Final = 8
_MAC_BYTES: Final = 16
_TOKEN_LENGTH: Final = (_ID_BYTES + _MAC_BYTES) * 4 // 3


def sign_watch(key: bytes, subscription_id: int) -> str:
    """The token of a subscription's link; `key` is that of unsubscribe links, under which it means nothing."""
    body = subscription_id.to_bytes(_ID_BYTES, "big")
    return urlsafe_b64encode(body + _mac(key, body)).decode()


def read_watch(key: bytes, token: str) -> int:
    """The subscription that a link names.

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
    raise NotFound("This link is not one of ours: was it cut off?")


def watch_url(base_url: str, key: bytes, subscription_id: int) -> str:
    """The whole link; its GET shows buttons, its POST acts."""
    return f"{base_url}/watch/{sign_watch(key, subscription_id)}"


def _mac(key: bytes, body: bytes) -> bytes:
    return hmac.digest(key, b"pennywren quiet watch\0" + body, "sha256")[:_MAC_BYTES]

"""Signed links: what a mail carries so that one tap acts without a sign-in.

A link names a subscription or a person and proves that we wrote it; it never ends, because mails are kept for years.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Final

from pennywren.errors import NotFound

UNSUBSCRIBE_KEY: Final = "unsubscribe-links"
"""The name of the signing key in `postgres.secrets`; it signs all kinds of links."""

_ID_BYTES: Final = 8
_MAC_BYTES: Final = 16
_TOKEN_LENGTH: Final = (_ID_BYTES + _MAC_BYTES) * 4 // 3


@dataclass(frozen=True, slots=True)
class LinkKind:
    """One kind of links: a token of one means nothing as another."""

    purpose: bytes
    """Signed along with the id, and so frozen: it is in all mails ever sent."""
    path: str
    name: str
    """What a person calls it."""

    def sign(self, key: bytes, number: int) -> str:
        """The token of a link: 32 characters, safe in an address."""
        body = number.to_bytes(_ID_BYTES, "big")
        return urlsafe_b64encode(body + self._mac(key, body)).decode()

    def read(self, key: bytes, token: str) -> int:
        """The id that a link names.

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
            if hmac.compare_digest(mac, self._mac(key, body)) and urlsafe_b64encode(raw).decode() == token:
                return int.from_bytes(body, "big")
        raise NotFound(f"This {self.name} is not one of ours: was it cut off?")

    def url(self, base_url: str, key: bytes, number: int) -> str:
        """The whole link; its GET shows buttons, its POST acts."""
        return f"{base_url}/{self.path}/{self.sign(key, number)}"

    def _mac(self, key: bytes, body: bytes) -> bytes:
        return hmac.digest(key, b"pennywren " + self.purpose + b"\0" + body, "sha256")[:_MAC_BYTES]


UNSUBSCRIBE: Final = LinkKind(b"unsubscribe", "unsubscribe", "unsubscribe link")
"""Ends a subscription, by its id (RFC 8058)."""
STOP_MAILS: Final = LinkKind(b"stop mails", "stop-mails", "link")
"""Ends all alert mails to a person, by their id: a digest has many subscriptions and one unsubscribe header."""
QUIET_WATCH: Final = LinkKind(b"quiet watch", "watch", "link")
"""Snoozes or pauses a watch, by its subscription's id."""
FEED: Final = LinkKind(b"feed", "feeds", "feed")
"""Reads the feed of a person's alerts, by the id of its row: it ends when the row is another one."""

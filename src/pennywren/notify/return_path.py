"""VERP: a return address for each message, so that a bounce says by itself what came back.

`bounces+KEY.MAC@DOMAIN`; the MAC keeps others from making our mails bounce. Bounces are read by `bounces.py`.
"""

import hmac
from typing import Final

RETURN_KEY: Final = "return-addresses"
"""The name of the signing key in `postgres.secrets`."""

_LOCAL: Final = "bounces"
_MAC_BYTES: Final = 8


def return_address(key: bytes, message_key: str, domain: str) -> str:
    """Where bounces of the message with this key go."""
    return f"{_LOCAL}+{message_key}.{_mac(key, message_key)}@{domain}"


def read_return_address(key: bytes, address: str) -> str | None:
    """The message's key in a return address of ours; None if it is none. The domain is not looked at: mail systems
    rewrite it, and the MAC says enough."""
    local, at, _ = address.strip().strip("<>").rpartition("@")
    name, plus, rest = local.partition("+")
    message_key, dot, mac = rest.rpartition(".")
    if not (at and plus and dot and name.lower() == _LOCAL and address.isascii()):
        return None
    # Some servers write local parts in capitals.
    message_key, mac = message_key.lower(), mac.lower()
    return message_key if hmac.compare_digest(mac, _mac(key, message_key)) else None


def _mac(key: bytes, message_key: str) -> str:
    return hmac.digest(key, b"pennywren return\0" + message_key.encode(), "sha256")[:_MAC_BYTES].hex()

"""E-mail addresses as people type them."""

import re
from hashlib import sha256
from typing import Final

from pennywren.errors import BadInput

_MAX: Final = 254
_ADDRESS: Final = re.compile(
    r"(?=[^@]{1,64}@)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@"
    r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*\Z"
)


def checked_address(text: str) -> str:
    """`text` without the spaces around it.

    Raises:
        BadInput: not an address that a mail can be sent to as it stands.
    """
    address = text.strip()
    if len(address) > _MAX or not _ADDRESS.match(address):
        raise BadInput(
            "This is not an e-mail address that we can write to: it looks like name@example.com, in plain letters."
        )
    return address


def address_key(address: str) -> str:
    """A stand-in for an address where the address itself must not be seen: in Redis keys and logs."""
    return sha256(address.lower().encode()).hexdigest()[:32]

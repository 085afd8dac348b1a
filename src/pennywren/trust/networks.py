"""How networks and visitors are named in what is remembered of reports: by a keyed hash, which is no address."""

import hmac
from typing import Final

NETWORK_KEY: Final = "reporters' networks"
"""The name of the key in `postgres.secrets`."""


def network_name(key: bytes, network: str) -> str:
    """What stands for a network (`192.0.2.0/24`) beside what was said from it."""
    return hmac.digest(key, network.encode(), "sha256").hex()[:16]


def person_name(key: bytes, person_id: int) -> str:
    """What stands for a person of the website who says what a price is."""
    return network_name(key, f"person {person_id}")

"""Tokens: 256 random bits that a person holds, and the hash of them that we keep."""

import secrets
from hashlib import sha256


def new_token() -> str:
    """A fresh token of 256 bits, safe in an address: 43 characters."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> bytes:
    """What is kept of a token. It has 256 bits of its own, so it needs neither salt nor a slow hash."""
    return sha256(token.encode("utf-8", "surrogatepass")).digest()

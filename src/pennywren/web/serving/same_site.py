"""Cross-site request forgery: a write that a browser was led to by another site is refused.

Browsers say where a request comes from (Sec-Fetch-Site, or Origin where that is missing); no token is needed.
A program that sends neither is no browser, and nobody can lead it anywhere.
"""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


def is_forged(method: str, headers: Mapping[str, str], own_origin: str) -> bool:
    """Whether this is a write that another site's page sent.

    A bearer token is proof enough by itself: no page can add one to a request to us without our leave.
    """
    if method in _SAFE_METHODS or headers.get("authorization", "").lower().startswith("bearer "):
        return False
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = headers.get("origin")
    if origin is None or origin == own_origin:
        return False
    # Behind a proxy the Host is what people typed, whatever address we think that we have.
    try:
        return origin == "null" or urlsplit(origin).netloc != headers.get("host")
    except ValueError:
        return True

"""Products: `us:B08N5WRWNW`, and everything that a person may type for one."""

import re
from typing import Final, Self
from urllib.parse import unquote, urlsplit

import msgspec

from pennywren.errors import BadProduct
from pennywren.model.marketplace import MARKETPLACES, Marketplace, marketplace_of_host

_ASIN: Final = re.compile(r"[A-Z0-9]{10}\Z")
_MAX_INPUT: Final = 4096
_PATHS: Final = (
    re.compile(r"/(?:dp|gp/product|gp/aw/d|exec/obidos/ASIN|o/ASIN|product)/([A-Za-z0-9]{10})(?=[/?#]|\Z)"),
    re.compile(r"/gp/offer-listing/([A-Za-z0-9]{10})(?=[/?#]|\Z)"),
    re.compile(r"/product-reviews/([A-Za-z0-9]{10})(?=[/?#]|\Z)"),
)


def is_isbn10(text: str) -> bool:
    """Whether `text` is a valid ISBN-10 (ISO 2108 check digit, modulus 11)."""
    if not re.fullmatch(r"[0-9]{9}[0-9X]", text):
        return False
    return sum((10 - i) * (10 if c == "X" else int(c)) for i, c in enumerate(text)) % 11 == 0


def is_asin(text: str) -> bool:
    """Whether `text` can be an ASIN: `B` and nine characters, or an ISBN-10 with a right check digit."""
    if not _ASIN.match(text):
        return False
    return text[0] == "B" or is_isbn10(text)


class ProductID(msgspec.Struct, frozen=True, order=True, cache_hash=True, gc=False):
    """One product on one marketplace, written `us:B08N5WRWNW`."""

    marketplace: str
    asin: str

    def __str__(self) -> str:
        return f"{self.marketplace}:{self.asin}"

    @property
    def market(self) -> Marketplace:
        """The marketplace's row of the table."""
        return MARKETPLACES[self.marketplace]

    @property
    def url(self) -> str:
        """The product's page at the shop."""
        return f"https://{self.market.host}/dp/{self.asin}"

    @classmethod
    def parse(cls, text: str, default_marketplace: str = "us") -> Self:
        """Read what a person may type: `us:B08N5WRWNW`, a bare ASIN, or a product URL of any marketplace.

        Raises:
            BadProduct: none of these; the message says what was wrong.
        """
        typed = text.strip()
        if not typed:
            raise BadProduct("no product given: write an ASIN, a product link, or MARKETPLACE:ASIN")
        if len(typed) > _MAX_INPUT:
            raise BadProduct(f"this is {len(typed)} characters long, which no product link is")
        if "/" in typed:
            return cls._from_url(typed)
        code, colon, asin = typed.rpartition(":")
        return cls._checked(code.lower() if colon else default_marketplace, asin.upper(), typed)

    @classmethod
    def _from_url(cls, typed: str) -> Self:
        try:
            parts = urlsplit(typed if "://" in typed else f"https://{typed}")
            host, path = parts.hostname or "", unquote(parts.path)
        except ValueError:
            raise BadProduct(f"{typed[:80]!r} is not a link that can be read") from None
        if parts.scheme not in ("http", "https"):
            raise BadProduct(f"{typed[:80]!r} is not a web link")
        market = marketplace_of_host(host)
        if market is None:
            raise BadProduct(f"{host[:80]!r} is not a marketplace that Pennywren follows")
        for pattern in _PATHS:
            found = pattern.search(path)
            if found:
                return cls._checked(market.code, found.group(1).upper(), typed)
        raise BadProduct(f"no product in this link: a product link of {market.host} has /dp/ and an ASIN in it")

    @classmethod
    def _checked(cls, code: str, asin: str, typed: str) -> Self:
        if code not in MARKETPLACES:
            raise BadProduct(f"{code[:20]!r} is not a marketplace; there are {', '.join(MARKETPLACES)}")
        if not is_asin(asin):
            raise BadProduct(
                f"{typed[:80]!r} is not a product: an ASIN has ten letters and digits and begins with B, "
                "or is an ISBN-10 whose check digit is right"
            )
        return cls(code, asin)

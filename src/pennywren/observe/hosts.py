"""Where we fetch from: the marketplaces' own hosts, or the origins that a setting puts in their place. Nothing else.

An address is built from a marketplace and an ASIN, or is a sitemap at the marketplace's own host: no page, report or
redirect can send us anywhere else.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self
from urllib.parse import urlsplit

from pennywren.model.marketplace import MARKETPLACES
from pennywren.model.product import ProductID
from pennywren.settings import Settings

PAGE: Final = "text/html,application/xhtml+xml,text/plain;q=0.8"
PICTURE: Final = "image/webp,image/jpeg,image/png;q=0.9,image/gif;q=0.5"
IMAGE_HOSTS: Final = frozenset(
    {
        "m.media-amazon.com",
        *(f"images-{region}.ssl-images-amazon.com" for region in ("cn", "eu", "fe", "in", "na")),
    }
)
"""Where marketplaces keep the pictures of products."""
_PICTURE: Final = re.compile(r"/images/[A-Za-z0-9._+%,=/-]{1,400}\.(?:jpe?g|png|gif|webp)")
_SITEMAP: Final = re.compile(r"/[A-Za-z0-9._/-]{1,300}\.xml(?:\.gz)?")


@dataclass(frozen=True, slots=True)
class Address:
    """A page that may be fetched. Only `Hosts` makes these."""

    url: str
    host: str
    """Host, and port where the address has one: what politeness is counted for."""
    language: str
    """BCP 47: what the page should be written in."""
    accept: str = PAGE
    """Media types that can be read."""


class Hosts:
    """The allow-list."""

    def __init__(self, origins: Mapping[str, str], image_origin: str | None = None) -> None:
        """`origins`: marketplace code to `https://HOST`; `image_origin` stands in for all image hosts."""
        self._origins = dict(origins)
        self._image_origin = image_origin

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Every marketplace's own host, or the origin that is set for it."""
        return cls({code: settings.origin(code) for code in MARKETPLACES}, settings.image_origin)

    def host(self, marketplace: str) -> str:
        """The host that a marketplace's pages come from, with its port where there is one."""
        return urlsplit(self._origins[marketplace]).netloc

    def page(self, product: ProductID) -> Address:
        """A product's page."""
        return self._address(product.marketplace, f"/dp/{product.asin}")

    def robots(self, marketplace: str) -> Address:
        """The robots.txt that rules a marketplace's pages."""
        return self._address(marketplace, "/robots.txt")

    def sitemap(self, marketplace: str, named: str) -> Address | None:
        """A sitemap that a marketplace names, if it is a file of its own; None for anything else."""
        try:
            parts = urlsplit(named)
        except ValueError:
            return None
        own = {MARKETPLACES[marketplace].host, self.host(marketplace)}
        if parts.scheme not in ("http", "https") or parts.netloc not in own or not _SITEMAP.fullmatch(parts.path):
            return None
        return self._address(marketplace, parts.path)

    def image(self, found: str) -> Address | None:
        """The picture at an address that a page named, if it is one at an image host; None for anything else."""
        try:
            parts = urlsplit(found)
        except ValueError:
            return None
        # netloc, not hostname: no port and no user name come with it.
        known = parts.scheme == "https" and parts.netloc in IMAGE_HOSTS and not parts.query and not parts.fragment
        if not known or not _PICTURE.fullmatch(parts.path) or ".." in parts.path:
            return None
        origin = urlsplit(self._image_origin or f"https://{parts.netloc}")
        return Address(f"{origin.scheme}://{origin.netloc}{parts.path}", origin.netloc, "en", PICTURE)

    def _address(self, marketplace: str, path: str) -> Address:
        origin = self._origins[marketplace]
        return Address(origin + path, urlsplit(origin).netloc, MARKETPLACES[marketplace].language)

"""What a fetch and a reading mean together: for the product, and for how we treat the host."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from pennywren.model.product import ProductID
from pennywren.observe.fetch import Fetched, Trouble
from pennywren.observe.packed import BROKEN
from pennywren.observe.page.reading import PageReading

_GONE: Final = frozenset({404, 410})
_SLOW_DOWN: Final = frozenset({403, 429, 503})
_NOT_FOUND: Final = re.compile(
    r"404|not found|nicht gefunden|introuvable|no encontrada|non trovata|não encontrada|niet gevonden|"
    r"hittades inte|nie znaleziono|bulunamadı|見つかりません|找不到",
    re.IGNORECASE,
)


class Outcome(StrEnum):
    """What came of a crawl."""

    PRODUCT = "product"
    """The page shows the product, with a price or the absence of one."""
    UNREADABLE = "unreadable"
    """There is a page, and it does not say clearly what we ask."""
    BLOCKED = "blocked"
    """The shop asks us to slow down, or to prove that we are no robot."""
    GONE = "gone"
    """There is no such page."""
    UNREACHABLE = "unreachable"
    """No answer, or one that the shop did not mean."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """An outcome, and the reason in a word or two."""

    outcome: Outcome
    reason: str


def meaning_without_page(fetched: Fetched) -> Meaning | None:
    """What the answer means by itself; None where the page has to be read."""
    if fetched.trouble is Trouble.TOO_LARGE:
        return Meaning(Outcome.UNREADABLE, "too_large")
    if fetched.trouble is not None:
        return Meaning(Outcome.UNREACHABLE, fetched.trouble)
    if fetched.status in _GONE:
        return Meaning(Outcome.GONE, f"status {fetched.status}")
    if fetched.status in _SLOW_DOWN:
        return Meaning(Outcome.BLOCKED, f"status {fetched.status}")
    if fetched.status >= 500:
        return Meaning(Outcome.UNREACHABLE, f"status {fetched.status}")
    if fetched.status != 200:
        return Meaning(Outcome.UNREADABLE, f"status {fetched.status}")
    return None


def meaning(product: ProductID, reading: PageReading) -> Meaning:
    """What the page that came for `product` means."""
    if reading.kind == "captcha":
        return Meaning(Outcome.BLOCKED, "captcha")
    if reading.kind == "error":
        shown = reading.reason or ""
        return Meaning(Outcome.GONE if _NOT_FOUND.search(shown) else Outcome.BLOCKED, f"error page {shown}".strip())
    if reading.reason == BROKEN:
        return Meaning(Outcome.UNREACHABLE, BROKEN)
    if reading.kind != "product":
        return Meaning(Outcome.UNREADABLE, reading.reason or reading.kind)
    if reading.product_id != str(product):
        return Meaning(Outcome.UNREADABLE, f"shows {reading.product_id}")
    return Meaning(Outcome.PRODUCT, reading.availability)

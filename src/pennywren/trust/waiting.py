"""What waits for a second look, as it stands in a product's held hash: `buybox` -> `1299@1764067200000`."""

from collections.abc import Mapping

from pennywren.model.offer import Offer
from pennywren.trust.judge import Waiting


def write_waiting(price: int, at: int) -> str:
    """The field's value for a price (minor units) seen at `at` (ms)."""
    return f"{price}@{at}"


def read_waiting(fields: Mapping[str, str]) -> dict[Offer, Waiting]:
    """The prices that wait; fields of another meaning are passed over."""
    found: dict[Offer, Waiting] = {}
    for offer in Offer:
        price, _, at = fields.get(offer.value, "").partition("@")
        if price.isdecimal() and at.isdecimal():
            found[offer] = Waiting(int(price), int(at))
    return found

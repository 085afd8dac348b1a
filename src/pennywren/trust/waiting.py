"""What waits for a second look, as it stands in a product's held hash: `buybox` -> `1299@1764067200000@e1`."""

from collections.abc import Mapping

from pennywren.model.offer import Offer
from pennywren.trust.judge import Waiting


def write_waiting(price: int, at: int, egress: str = "") -> str:
    """The field's value for a price (minor units) seen at `at` (ms) through an egress."""
    return f"{price}@{at}@{egress}"


def read_waiting(fields: Mapping[str, str]) -> dict[Offer, Waiting]:
    """The prices that wait; fields of another meaning are passed over."""
    found: dict[Offer, Waiting] = {}
    for offer in Offer:
        price, at, egress, *_ = [*fields.get(offer.value, "").split("@"), "", ""]
        if price.isdecimal() and at.isdecimal():
            found[offer] = Waiting(int(price), int(at), egress)
    return found

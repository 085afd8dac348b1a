"""Reading an entry of a change stream back into a price change."""

from collections.abc import Mapping
from dataclasses import dataclass

from pennywren.errors import BadProduct
from pennywren.model.change import ChangeKind, PriceChange
from pennywren.model.money import MAX_PRICE, MIN_PRICE
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as it was read; `change` is None where it cannot be understood, and `problem` says why."""

    partition: int
    id: str
    fields: Mapping[str, str]
    change: PriceChange | None
    problem: str | None = None


def read_entry(partition: int, entry_id: str, fields: Mapping[str, str]) -> Entry:
    """Understand an entry, or say what is wrong with it."""
    try:
        return Entry(partition, entry_id, fields, read_change(fields))
    except KeyError as error:
        return Entry(partition, entry_id, fields, None, f"the field {error} is missing")
    except (ValueError, BadProduct) as error:
        return Entry(partition, entry_id, fields, None, str(error))


def read_change(fields: Mapping[str, str]) -> PriceChange:
    """The price change of an entry's fields.

    Raises:
        KeyError: a field is missing.
        ValueError, BadProduct: a field has a value that cannot be.
    """
    return PriceChange(
        product=ProductID.parse(fields["product"]),
        offer=Offer(fields["offer"]),
        kind=ChangeKind(fields["kind"]),
        old=_price(fields["old"]),
        new=_price(fields["new"]),
        currency=_currency(fields["currency"]),
        at=_moment(fields["at"]),
        version=int(fields["version"]),
        new_low=fields["newLow"] == "1",
        lowest_for_days=int(fields["lowestForDays"]),
        source=fields["source"],
    )


def _price(text: str) -> int | None:
    if text == "":
        return None
    price = int(text)
    if not MIN_PRICE <= price <= MAX_PRICE:
        raise ValueError(f"{text!r} is not a price")
    return price


def _currency(text: str) -> str:
    if len(text) != 3 or not (text.isascii() and text.isupper()):
        raise ValueError(f"{text!r} is not a currency")
    return text


def _moment(text: str) -> int:
    at = int(text)
    if not 0 <= at < 10**14:
        raise ValueError(f"{text!r} is not a moment in milliseconds")
    return at

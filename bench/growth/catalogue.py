"""The products that grow in number: the same in PostgreSQL and here."""

from typing import Final

from pennywren.model.product import ProductID

CATALOGUE: Final = "insert into products (id) select 'us:B' || lpad(g::text, 9, '0') from generate_series(0, $1) g"
"""Puts the products of all numbers up to `$1` into the catalogue."""


def product(number: int) -> ProductID:
    """The product of a number."""
    return ProductID("us", f"B{number:09d}")

"""Money: integers in minor units with an ISO 4217 currency."""

from typing import Final

MIN_PRICE: Final = 1
MAX_PRICE: Final = 10**10
"""Prices are 1 to 10^10 minor units: zero and less are never prices, more than that is a misreading."""

_MINOR_DIGITS: Final = {"JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "KWD": 3, "BHD": 3, "OMR": 3, "JOD": 3, "TND": 3}


def minor_digits(currency: str) -> int:
    """How many decimal digits the minor unit of `currency` has (ISO 4217): 2 unless listed."""
    return _MINOR_DIGITS.get(currency, 2)


def format_amount(minor: int, currency: str) -> str:
    """`1299, "USD"` -> `12.99`: the plain decimal, without grouping."""
    digits = minor_digits(currency)
    sign, whole = ("-", -minor) if minor < 0 else ("", minor)
    if not digits:
        return f"{sign}{whole}"
    units, rest = divmod(whole, 10**digits)
    return f"{sign}{units}.{rest:0{digits}d}"


def format_money(minor: int, currency: str) -> str:
    """`1299, "USD"` -> `12.99 USD`."""
    return f"{format_amount(minor, currency)} {currency}"


def parse_amount(text: str, currency: str) -> int:
    """`"12.99", "USD"` -> `1299`: a plain decimal as people type it, dot or comma, without grouping.

    Raises:
        ValueError: not a decimal number, more digits than the currency has, or outside MIN_PRICE..MAX_PRICE.
    """
    plain = text.strip().replace(",", ".")
    whole, dot, fraction = plain.partition(".")
    digits = minor_digits(currency)
    if not (whole.isascii() and whole.isdigit()) or (dot and not (fraction.isascii() and fraction.isdigit())):
        raise ValueError(f"{text!r} is not an amount: write it like 12.99")
    if len(whole) > 12 or len(fraction) > digits:
        raise ValueError(f"{text!r} has more digits than {currency} has")
    minor = int(whole) * 10**digits + int(fraction.ljust(digits, "0") or 0)
    if not MIN_PRICE <= minor <= MAX_PRICE:
        raise ValueError(f"{text!r} is not a price: it must lie between the smallest coin and 10^10 of it")
    return minor

"""Money as shop pages write it, in every marketplace's manner, to minor units. Pure, and strict: in doubt None.

Grouping is checked group by group (`1,08,999` is right in rupees only), and one separator with three digits behind it
(`1.299`) is a group only where the page's language groups with that character: elsewhere it could be a fraction.
"""

import re
from dataclasses import dataclass
from typing import Final

from pennywren.model.marketplace import Marketplace
from pennywren.model.money import MAX_PRICE, minor_digits

_MAX_TEXT: Final = 400
_COMMA_DECIMAL_LANGUAGES: Final = frozenset({"de", "fr", "it", "es", "nl", "sv", "pl", "tr", "pt"})
_DOLLARS: Final = frozenset({"USD", "CAD", "AUD", "MXN", "SGD"})

_PLAIN: Final = {
    "US$": "USD", "USD": "USD", "CDN$": "CAD", "CA$": "CAD", "C$": "CAD", "CAD": "CAD", "AU$": "AUD", "A$": "AUD",
    "AUD": "AUD", "S$": "SGD", "SGD": "SGD", "MX$": "MXN", "MXN": "MXN", "R$": "BRL", "BRL": "BRL", "£": "GBP",
    "GBP": "GBP", "€": "EUR", "EUR": "EUR", "₹": "INR", "Rs.": "INR", "Rs": "INR", "INR": "INR", "JPY": "JPY",
    "円": "JPY", "CNY": "CNY", "RMB": "CNY", "元": "CNY", "SEK": "SEK", "kr": "SEK", "zł": "PLN", "PLN": "PLN",
    "TL": "TRY", "₺": "TRY", "TRY": "TRY", "AED": "AED", "د.إ": "AED", "درهم": "AED", "SAR": "SAR", "ر.س": "SAR",
    "ريال": "SAR", "EGP": "EGP", "ج.م": "EGP", "جنيه": "EGP", "ZAR": "ZAR", "R": "ZAR", "PKR": "PKR", "HK$": "HKD",
    "HKD": "HKD", "NT$": "TWD", "NZ$": "NZD", "NZD": "NZD", "CHF": "CHF", "DKK": "DKK", "NOK": "NOK", "ILS": "ILS",
    "₪": "ILS", "KRW": "KRW", "₩": "KRW", "PHP": "PHP", "₱": "PHP", "THB": "THB", "฿": "THB", "CZK": "CZK",
    "HUF": "HUF", "KWD": "KWD", "COP": "COP", "CLP": "CLP", "NGN": "NGN", "KES": "KES", "TWD": "TWD", "IDR": "IDR",
    "VND": "VND", "₫": "VND", "UAH": "UAH", "RON": "RON", "BGN": "BGN", "PEN": "PEN", "ARS": "ARS", "QAR": "QAR",
    "BHD": "BHD", "OMR": "OMR", "JOD": "JOD", "MAD": "MAD", "MYR": "MYR", "RUB": "RUB", "KZT": "KZT", "LKR": "LKR",
}  # fmt: skip
_LOCAL: Final = {"$": "dollar", "¥": "yen", "￥": "yen"}
"""Symbols that several marketplaces write: the marketplace decides which currency is meant."""

_SYMBOL: Final = "|".join(re.escape(s) for s in sorted([*_PLAIN, *_LOCAL], key=len, reverse=True))
# A symbol made of letters must not be a piece of a word ("R" of "Regular", "kr" of "krona").
_BEFORE: Final = rf"(?<![A-Za-z$])(?P<left>{_SYMBOL})\.?(?![A-Za-z$])"
# Nobody writes the yen sign behind an amount: in "新品の出品：5 ￥ 4,849" the 5 counts offers.
_AFTER: Final = rf"(?P<right>(?![¥￥])(?:{_SYMBOL}))\.?(?![A-Za-z$])"
_DIGITS: Final = r"[0-9]{1,12}(?:[.,'][0-9]{1,6}| [0-9]{3}(?![0-9])){0,4}"
_MONEY: Final = re.compile(rf"{_BEFORE} {{0,2}}(?P<a>{_DIGITS})|(?<![0-9.,'])(?P<b>{_DIGITS}) {{0,2}}{_AFTER}")

_TO_ASCII: Final = str.maketrans(
    {
        **{chr(0x0660 + i): str(i) for i in range(10)},
        **{chr(0x06F0 + i): str(i) for i in range(10)},
        **{chr(0xFF10 + i): str(i) for i in range(10)},
        "٬": ",", "٫": ".", "，": ",", "．": ".", "’": "'",
        **dict.fromkeys("\u00a0\u202f\u2009\u2007\u3000\t\r\n", " "),
        **dict.fromkeys("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\ufeff", None),
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units of a currency. `currency` is None where the text names none."""

    minor: int
    currency: str | None


def tidy(text: str) -> str:
    """`text` with plain digits and single plain spaces, without invisible direction marks."""
    return re.sub(r" {2,}", " ", text.translate(_TO_ASCII)).strip()


def currency_of(symbol: str, market: Marketplace) -> str | None:
    """The currency that `symbol` means on `market`, or None where it means none."""
    word = tidy(symbol).removesuffix(".") if symbol.strip() not in _PLAIN else symbol.strip()
    if word in _PLAIN:
        return _PLAIN[word]
    match _LOCAL.get(word):
        case "dollar":
            return market.currency if market.currency in _DOLLARS else None
        case "yen":
            return market.currency if market.currency in ("JPY", "CNY") else None
        case _:
            return None


def read_number(text: str, currency: str, language: str) -> int | None:
    """`"1.299,00", "EUR", "de-DE"` -> 129900, or None where the digits can be read in two ways or in none."""
    number, digits = tidy(text), minor_digits(currency)
    if len(number) > 24 or not re.fullmatch(r"[0-9]+(?:[.,' ][0-9]+)*", number):
        return None
    marks = re.findall(r"[.,' ]", number)
    whole, fraction = number, ""
    if marks:
        head, last, tail = number.rpartition(marks[-1])
        decimal = last in ".," and marks.count(last) == 1 and digits > 0 and len(tail) == digits
        if decimal and not (digits == 3 and len(marks) == 1):
            whole, fraction = head, tail
        elif len(marks) == 1 and not _groups_with(last, currency, language):
            return None
    plain = read_groups(whole, currency)
    if plain is None:
        return None
    minor = plain * 10**digits + int(fraction or 0)
    return minor if minor <= MAX_PRICE else None


def read_groups(text: str, currency: str) -> int | None:
    """`"1,08,999", "INR"` -> 108999: a whole number with or without groups, each checked."""
    number = tidy(text)
    if re.fullmatch(r"0|[1-9][0-9]{0,11}", number):
        return int(number)
    mark = next((c for c in number if not c.isdigit()), "")
    if mark not in (".", ",", "'", " "):
        return None
    m = re.escape(mark)
    western = re.fullmatch(rf"[1-9][0-9]{{0,2}}(?:{m}[0-9]{{3}}){{1,3}}", number)
    lakhs = currency == "INR" and mark == "," and re.fullmatch(r"[1-9][0-9]?(?:,[0-9]{2}){1,3},[0-9]{3}", number)
    return int(number.replace(mark, "")) if western or lakhs else None


def _groups_with(mark: str, currency: str, language: str) -> bool:
    """Whether one `mark` with three digits behind it can only be a group."""
    if mark in "' " or minor_digits(currency) == 0:
        return True
    return mark == ("." if language.partition("-")[0] in _COMMA_DECIMAL_LANGUAGES else ",")


def read_plain(text: str, currency: str) -> int | None:
    """`"159.0", "USD"` -> 15900: a decimal as machines write it, with a dot and no groups."""
    number, digits = text.strip(), minor_digits(currency)
    found = re.fullmatch(r"([0-9]{1,11})(?:\.([0-9]{1,6}))?", number)
    if not found:
        return None
    fraction = (found[2] or "").rstrip("0")
    if len(fraction) > digits:
        return None
    minor = int(found[1]) * 10**digits + int(fraction.ljust(digits, "0") or 0)
    return minor if minor <= MAX_PRICE else None


def moneys(text: str, market: Marketplace) -> list[Money | None]:
    """Every amount of money in `text`, in order; None for one that has a symbol but cannot be read surely."""
    found: list[Money | None] = []
    for match in _MONEY.finditer(tidy(text[:_MAX_TEXT])):
        currency = currency_of(match["left"] or match["right"], market)
        minor = read_number(match["a"] or match["b"], currency, market.language) if currency else None
        found.append(Money(minor, currency) if minor is not None else None)
    return found


def single(text: str, market: Marketplace) -> Money | None:
    """The one amount in `text` ("Price: $9.99", "₹ 199.00 inclusive of all taxes") if no other digit stands there."""
    clean = tidy(text[:_MAX_TEXT])
    match = _MONEY.search(clean)
    if match is None or re.search(r"[0-9]", clean[: match.start()] + clean[match.end() :]):
        return None
    return moneys(clean, market)[0]


def bare(text: str, market: Marketplace) -> Money | None:
    """The one amount that `text` consists of, nothing else around it; it may lack a symbol."""
    clean = tidy(text)
    if len(clean) > 40:
        return None
    match = _MONEY.fullmatch(clean)
    if match:
        return moneys(clean, market)[0]
    minor = read_number(clean, market.currency, market.language)
    return None if minor is None else Money(minor, None)

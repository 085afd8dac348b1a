"""The marketplaces we follow, each with its host, its currencies and its language: the one table."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Marketplace:
    """One Amazon marketplace.

    `currencies` lists what its pages may be priced in, the usual one first. `language` is a BCP 47 tag
    that says how its pages write numbers unless the page itself says otherwise.
    """

    code: str
    host: str
    currencies: tuple[str, ...]
    language: str

    @property
    def currency(self) -> str:
        """The usual currency (ISO 4217)."""
        return self.currencies[0]


_TABLE = (
    Marketplace("us", "www.amazon.com", ("USD",), "en-US"),
    Marketplace("uk", "www.amazon.co.uk", ("GBP",), "en-GB"),
    Marketplace("de", "www.amazon.de", ("EUR",), "de-DE"),
    Marketplace("fr", "www.amazon.fr", ("EUR",), "fr-FR"),
    Marketplace("it", "www.amazon.it", ("EUR",), "it-IT"),
    Marketplace("es", "www.amazon.es", ("EUR",), "es-ES"),
    Marketplace("nl", "www.amazon.nl", ("EUR",), "nl-NL"),
    Marketplace("se", "www.amazon.se", ("SEK",), "sv-SE"),
    Marketplace("pl", "www.amazon.pl", ("PLN",), "pl-PL"),
    Marketplace("be", "www.amazon.com.be", ("EUR",), "fr-BE"),
    Marketplace("ie", "www.amazon.ie", ("EUR",), "en-IE"),
    Marketplace("tr", "www.amazon.com.tr", ("TRY",), "tr-TR"),
    Marketplace("in", "www.amazon.in", ("INR",), "en-IN"),
    Marketplace("jp", "www.amazon.co.jp", ("JPY",), "ja-JP"),
    Marketplace("cn", "www.amazon.cn", ("CNY",), "zh-CN"),
    Marketplace("ca", "www.amazon.ca", ("CAD",), "en-CA"),
    Marketplace("mx", "www.amazon.com.mx", ("MXN",), "es-MX"),
    Marketplace("br", "www.amazon.com.br", ("BRL",), "pt-BR"),
    Marketplace("au", "www.amazon.com.au", ("AUD",), "en-AU"),
    Marketplace("sg", "www.amazon.sg", ("SGD",), "en-SG"),
    Marketplace("ae", "www.amazon.ae", ("AED",), "en-AE"),
    Marketplace("sa", "www.amazon.sa", ("SAR",), "ar-SA"),
    Marketplace("eg", "www.amazon.eg", ("EGP",), "ar-EG"),
    Marketplace("za", "www.amazon.co.za", ("ZAR",), "en-ZA"),
)

MARKETPLACES: dict[str, Marketplace] = {m.code: m for m in _TABLE}

_BY_HOST = {m.host.removeprefix("www."): m for m in _TABLE}
_HOST_PREFIXES = ("www.", "smile.", "m.")


def marketplace_of_host(host: str) -> Marketplace | None:
    """The marketplace whose site `host` is (`www.amazon.de`, `amazon.de`, `smile.amazon.de`), or None."""
    bare = host.lower().rstrip(".")
    for prefix in _HOST_PREFIXES:
        bare = bare.removeprefix(prefix)
    return _BY_HOST.get(bare)

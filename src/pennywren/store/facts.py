"""What is believed of a product, as it stands under its key: one array in msgpack (`lua/parts/product.lua`)."""

from typing import Any, Final

import msgspec

_OWN: Final = ("version", "currency", "tier", "changes", "availability", "rate")
_EACH: Final = (
    "lastSeen",
    "price",
    "state",
    "crawled",
    "since",
    "first",
    "low",
    "lowAt",
    "high",
    "highAt",
    "states",
)
_decode: Final = msgspec.msgpack.Decoder(list[Any]).decode


def read_version(value: bytes) -> int:
    """The version alone.

    Raises:
        ValueError: it is not such a value.
    """
    return int(_decode(value)[0])


def read_facts(value: bytes | None) -> dict[str, str]:
    """All that a value says, by name, `OFFER:NAME` where it is of an offer; nothing where there is none.

    Raises:
        ValueError: it is not such a value.
    """
    if value is None:
        return {}
    words = _decode(value)
    named: dict[str, Any] = dict(zip(_OWN, words[: len(_OWN)], strict=True))
    for start in range(len(_OWN), len(words), 1 + len(_EACH)):
        offer = words[start]
        named.update((f"{offer}:{name}", words[start + 1 + i]) for i, name in enumerate(_EACH))
    return {name: str(word) for name, word in named.items() if word is not False}

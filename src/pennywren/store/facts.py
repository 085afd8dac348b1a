"""What is believed of a product, as it stands under its key: one array in msgpack (`lua/parts/product.lua`)."""

from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from pennywren.model.offer import Offer
from pennywren.model.series import State

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


@dataclass(frozen=True, slots=True)
class OfferWords:
    """What a value says of one offer's past. Times are ms."""

    last_seen: int = 0
    states: list[tuple[int, State]] = field(default_factory=list[tuple[int, State]])
    """Nothing where there are so many that they are a series of their own."""


def read_version(value: bytes) -> int:
    """The version alone.

    Raises:
        ValueError: it is not such a value.
    """
    return int(_decode(value)[0])


def read_facts(value: bytes | None) -> dict[str, str]:
    """All words of a value, by name, `OFFER:NAME` where it is of an offer; nothing where there is none.

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
    return {name: str(word) for name, word in named.items() if word is not False and not isinstance(word, list)}


def read_offer(value: bytes, offer: Offer) -> OfferWords:
    """What a value says of one offer's past.

    Raises:
        ValueError: it is not such a value.
    """
    words = _decode(value)
    for start in range(len(_OWN), len(words), 1 + len(_EACH)):
        if words[start] == offer:
            states: Any = words[start + len(_EACH)]
            few: list[int] = [] if isinstance(states, bool | int) else states
            return OfferWords(
                words[start + 1], [(at, State(state)) for at, state in zip(few[::2], few[1::2], strict=True)]
            )
    return OfferWords()

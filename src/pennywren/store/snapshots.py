"""All that is recorded of a product, taken in one moment: what the archive keeps where a past was rewritten."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

import msgspec
from redis.exceptions import RedisError

from pennywren import keyspace
from pennywren.errors import Unavailable
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.series import State, Steps
from pennywren.store.connect import Client
from pennywren.store.scripts import Call, Script
from pennywren.store.state import Tier, tier_of
from pennywren.store.store import change_points, samples

_SCRIPT: Final = Script("snapshot")
_EVER: Final = 1 << 48
_AT_ONCE: Final = 200


class OfferPast(msgspec.Struct, frozen=True, omit_defaults=True):
    """One offer's whole past; `crawled` is what a crawl saw last where what is believed came from elsewhere."""

    prices: list[tuple[int, int]] = []
    states: list[tuple[int, int]] = []
    last_seen: int = 0
    crawled: str | None = None

    @property
    def steps(self) -> Steps:
        """The past as step functions."""
        return Steps(self.prices, [(at, State(state)) for at, state in self.states], self.last_seen)


class Snapshot(msgspec.Struct, frozen=True, omit_defaults=True):
    """Everything that is recorded of one product. Times are ms UTC, prices minor units."""

    version: int
    currency: str
    tier: Tier = "raw"
    rate: str | None = None
    availability: str | None = None
    proofs: dict[str, str] = {}
    offers: dict[Offer, OfferPast] = {}

    @property
    def changes(self) -> int:
        """How many changes of price and of presence it holds."""
        return sum(
            len(each.prices) + sum(state != State.NOT_OBSERVED for _, state in each.states)
            for each in self.offers.values()
        )


_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(Snapshot)


def encode(snapshot: Snapshot) -> bytes:
    """For the archive."""
    return _encoder.encode(snapshot)


def decode(data: bytes) -> Snapshot:
    """From the archive.

    Raises:
        ValueError: it is not a snapshot.
    """
    return _decoder.decode(data)


async def take(client: Client, products: Sequence[ProductID]) -> list[Snapshot | None]:
    """A snapshot of each product; None where it was never recorded.

    Raises:
        Unavailable: Redis does not answer.
    """
    found: list[Snapshot | None] = []
    try:
        for start in range(0, len(products), _AT_ONCE):
            page = products[start : start + _AT_ONCE]
            for reply in await _SCRIPT.run_many(client, [_call(product) for product in page]):
                if isinstance(reply, Exception):
                    raise reply
                found.append(_read(reply))
    except (RedisError, OSError) as error:
        raise Unavailable("the price store is not reachable right now") from error
    return found


def _call(product: ProductID) -> Call:
    keys = [keyspace.product(product), keyspace.proof(product)]
    for offer in Offer:
        keys += [keyspace.raw(product, offer), keyspace.state(product, offer)]
    n = keyspace.partition_of(product)
    return [*keys, keyspace.cold(n), keyspace.places(n)], [str(product)]


def _read(reply: Sequence[Any]) -> Snapshot | None:
    if not reply:
        return None
    fields, proofs, *series = reply
    known = _mapping(fields)
    if "version" not in known:
        return None
    offers: dict[Offer, OfferPast] = {}
    for i, offer in enumerate(Offer):
        last_seen = known.get(f"{offer}:lastSeen")
        if last_seen is None:
            continue
        offers[offer] = OfferPast(
            change_points(samples(series[2 * i]), 0, _EVER),
            samples(series[2 * i + 1]),
            int(last_seen),
            known.get(f"{offer}:crawled"),
        )
    return Snapshot(
        version=int(known["version"]),
        currency=known["currency"],
        tier=tier_of(known),
        rate=known.get("rate"),
        availability=known.get("availability"),
        proofs=_mapping(proofs),
        offers=offers,
    )


def _mapping(flat: Sequence[str | int] | Mapping[str, str]) -> dict[str, str]:
    """Names and values as they come out of Lua: a flat list, with numbers."""
    pairs = flat.items() if isinstance(flat, Mapping) else list(pairwise(flat))[::2]
    return {str(name): str(value) for name, value in pairs}

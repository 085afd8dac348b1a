"""The typed wrapper of known.lua: what a crawl has to know of a product before it looks, in one answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from pennywren import keyspace
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.rule import WatchSet
from pennywren.store.round_trip import RoundTrip
from pennywren.store.scripts import Script
from pennywren.store.state import ProductState, parse_state

_SCRIPT: Final = Script("known")
_SETS: Final = (WatchSet.FALL, *(each for each in WatchSet if each is not WatchSet.FALL))


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a product before it is crawled."""

    state: ProductState | None
    held: dict[str, str]
    """The hash of what waits for a second look."""
    watchers: int
    far: int = 0
    """Of the watchers, those who wait for less than half the price."""
    viewed_at: int | None = None
    """When it was last noted that somebody watches or views it (ms)."""

    @property
    def last_seen(self) -> int | None:
        """When anybody last looked (ms)."""
        return self.state.last_seen or None if self.state is not None else None


def ask(trip: RoundTrip, product: ProductID) -> int:
    """Add the question to a round trip; `read_known` reads its reply."""
    keys = [keyspace.product(product), keyspace.held(product)]
    keys += [keyspace.watch(product, offer, each) for offer in Offer for each in _SETS]
    n = keyspace.partition_of(product)
    keys += [keyspace.warm(n), keyspace.cold(n), keyspace.places(n)]
    return trip.script(_SCRIPT, keys, [len(_SETS), str(product), *Offer])


def read_known(product: ProductID, reply: Sequence[Any]) -> Known:
    """Read the reply to `ask`; the client answers with strings."""
    fields, held, watchers, far, viewed = reply
    viewed_at = int(float(viewed)) if viewed else None
    return Known(parse_state(product, _mapping(fields)), _mapping(held), watchers, far, viewed_at)


def _mapping(flat: Sequence[str | int]) -> dict[str, str]:
    words = [str(word) for word in flat]  # some are numbers
    return dict(zip(words[::2], words[1::2], strict=True))

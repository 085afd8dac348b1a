"""Blocking a reporter or a network: what they say is refused from then on, and what they said is forgotten."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, Final

from msgspec.structs import replace
from redis.exceptions import RedisError

from pennywren import keyspace
from pennywren.errors import BadProduct, Unavailable
from pennywren.model.product import ProductID
from pennywren.store.connect import Client
from pennywren.store.swaps import read_all, swap_all
from pennywren.trust.hearsay import Hearsay, Voice
from pennywren.trust.memory import read_reputation, read_said, reputation_swap, said_swap

_ATTEMPTS: Final = 20
_AT_ONCE: Final = 500
"""Keys that are looked at in one round trip."""


@dataclass(frozen=True, slots=True)
class TakenOut:
    """What a block took out of what is remembered."""

    products: int
    voices: int


async def set_blocked(client: Client, reporter: str, blocked: bool, now: int) -> bool:
    """Block a reporter, or end that; False if it was so already. `client` answers with bytes, `now` is ms UTC.

    Raises:
        Unavailable: Redis does not answer, or the reporter speaks so fast that we were never quick enough.
    """
    (kept,) = await read_all(client, [keyspace.reporter(reporter)])
    for _ in range(_ATTEMPTS):
        reputation = read_reputation(kept)
        if reputation.blocked is blocked:
            return False
        swap = reputation_swap(reporter, kept, replace(reputation, blocked=blocked))
        (newer,) = await swap_all(client, [swap], now)
        if newer is None:
            return True
        kept = newer
    raise Unavailable(f"{reporter} is being written all the time: try again")


async def set_network_blocked(client: Client, network: str, because: str | None) -> bool:
    """Block a network (as `keyspace.blocked` spells it), or end that with None; False if it was so already.

    Raises:
        Unavailable: Redis does not answer.
    """
    key = keyspace.blocked(network)
    try:
        if because is None:
            return bool(await client.delete(key))
        return not await client.set(key, because, get=True)
    except (RedisError, OSError) as error:
        raise Unavailable("the memory of reports is not reachable right now") from error


async def take_out(
    client: Client, is_theirs: Callable[[Voice], bool], now: int, progress: Callable[[int], None] | None = None
) -> TakenOut:
    """Forget what some reporters have said of any product; `client` answers with bytes.

    Nothing leads from a reporter to products (`docs/privacy.md`), so all that was said lately is looked through:
    about a second for a million keys. `progress` hears how many products were looked at.

    Raises:
        Unavailable: Redis does not answer; doing it again is safe.
    """
    products = voices = 0
    try:
        batch: list[str] = []
        pattern = keyspace.any_hearsay()
        scanner: Any = client
        keys: AsyncIterator[bytes] = scanner.scan_iter(match=pattern, count=10_000)
        async for key in keys:
            batch.append(key.decode())
            if len(batch) == _AT_ONCE:
                found = await _take_out(client, batch, is_theirs, now)
                products, voices = products + found.products, voices + found.voices
                if progress is not None:
                    progress(len(batch))
                batch = []
        found = await _take_out(client, batch, is_theirs, now)
    except (RedisError, OSError) as error:
        raise Unavailable("the memory of reports is not reachable right now") from error
    if progress is not None:
        progress(len(batch))
    return TakenOut(products + found.products, voices + found.voices)


async def _take_out(client: Client, keys: list[str], is_theirs: Callable[[Voice], bool], now: int) -> TakenOut:
    products = voices = 0
    todo = dict(zip(keys, await read_all(client, keys), strict=True)) if keys else {}
    for _ in range(_ATTEMPTS):
        swaps: dict[str, Any] = {}
        counts: dict[str, int] = {}
        for key, kept in todo.items():
            product = _product(key)
            said = read_said(kept)
            left = {offer: _without(hearsay, is_theirs) for offer, hearsay in said.items()}
            gone = sum(_voices(said[offer]) - _voices(left[offer]) for offer in said)
            if product is not None and gone:
                swaps[key], counts[key] = said_swap(product, kept, left, now), gone
        if not swaps:
            break
        answers = await swap_all(client, list(swaps.values()), now)
        todo = {key: newer for key, newer in zip(swaps, answers, strict=True) if newer is not None}
        products += len(swaps) - len(todo)
        voices += sum(number for key, number in counts.items() if key not in todo)
    return TakenOut(products, voices)


def _without(hearsay: Hearsay, is_theirs: Callable[[Voice], bool]) -> Hearsay:
    return replace(
        hearsay,
        claims=tuple(voice for voice in hearsay.claims if not is_theirs(voice)),
        agreements=tuple(voice for voice in hearsay.agreements if not is_theirs(voice)),
    )


def _voices(hearsay: Hearsay) -> int:
    return len(hearsay.claims) + len(hearsay.agreements)


def _product(key: str) -> ProductID | None:
    try:
        return ProductID.parse(":".join(key.split(":")[-2:]))
    except BadProduct:
        return None

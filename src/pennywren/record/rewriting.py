"""The typed wrapper of rewrite.lua: the only way to change a product's past."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, pairwise
from typing import Final

import msgspec
from redis.exceptions import RedisError

from pennywren import keyspace
from pennywren.errors import BadInput, StillWarm, Unavailable, VersionMoved
from pennywren.model.money import MAX_PRICE, MIN_PRICE
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.series import Steps
from pennywren.store.scripts import Argument, Call, Script
from pennywren.store.state import Tier
from pennywren.store.store import Store

_SCRIPT: Final = Script("rewrite")
_MAX_POINTS: Final = 100_000
"""A rewrite is one step, and 100,000 changes are about half a second of it."""

_STILL_WARM: Final = -2

_pack = msgspec.msgpack.Encoder().encode


@dataclass(frozen=True, slots=True)
class About:
    """The sample that a rewrite is about, for those who read the stream: its offer, time (ms) and price."""

    offer: Offer = Offer.BUYBOX
    at: int = 0
    price: int | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """A product's whole past, as a restoration knows it."""

    product: ProductID
    currency: str
    offers: Mapping[Offer, Steps]
    tier: Tier = "raw"
    least_version: int = 0
    """Above every version that the product may have had, so that no answer that somebody kept passes for a new one."""
    expected_version: int | None = None
    crawled: Mapping[Offer, str] = field(default_factory=dict[Offer, str])
    """What a crawl saw last of an offer (minor units, empty, or `-`), where what is believed came from elsewhere."""
    proofs: Mapping[str, str] = field(default_factory=dict[str, str])
    rate: str | None = None
    availability: str | None = None


async def rewrite(
    store: Store,
    product: ProductID,
    currency: str,
    offers: Mapping[Offer, Steps],
    *,
    reason: str,
    tier: Tier = "raw",
    expected_version: int | None = None,
    about: About = About(),
    proofs: Mapping[str, str] | None = None,
    cooled_since: int | None = None,
) -> int:
    """Replace the whole history of a product, and say so in its stream; answers the new version.

    `reason` is one word for the stream: `import`, `withdrawal`, `tier`. `proofs` are fields of its proof hash
    (`model.provenance`) that are set in the same step.

    A change of tier is silent: the version stays and the stream is not told. What somebody watches or views is kept in
    `raw` where `cold` was asked for, unless that was no later than `cooled_since` (ms).

    Raises:
        StillWarm: a change of tier to `cold` of what somebody watches or views, or whose id cannot be packed.
        VersionMoved: something was recorded since `expected_version`: read again and retry.
        BadInput: the steps are not a history (order, bounds); nothing was changed.
        Unavailable: Redis does not answer.
    """
    past = Past(product, currency, offers, tier, expected_version=expected_version, proofs=proofs or {})
    keys, args = _call(past, reason, about, cooled_since)
    partition = keyspace.partition_of(product)
    try:
        version = int(await _SCRIPT.run(store.client, keys, args))
        if version == _STILL_WARM:
            raise StillWarm
        if version < 0:
            raise VersionMoved
        if reason != "tier":
            await store.client.zadd(keyspace.ready_changes(), {str(partition): 0}, nx=True)
    except (RedisError, OSError) as error:
        raise Unavailable("the price store is not reachable right now") from error
    return version


async def restore(store: Store, pasts: Sequence[Past]) -> list[bool]:
    """Write whole pasts, in one round trip; whether each was written: not where something was recorded meanwhile.

    The stream does not hear of it: it has told all of this before.

    Raises:
        BadInput: one of them is not a history; nothing was changed.
        Unavailable: Redis does not answer; what was written stays, and doing it again is safe.
    """
    calls = [_call(past, "restore", About()) for past in pasts]
    try:
        replies = await _SCRIPT.run_many(store.client, calls)
        for reply in replies:
            if isinstance(reply, Exception):
                raise reply
    except (RedisError, OSError) as error:
        raise Unavailable("the price store is not reachable right now") from error
    return [reply > 0 for reply in replies]


def _call(past: Past, reason: str, about: About, cooled_since: int | None = None) -> Call:
    product, expected = past.product, past.expected_version
    partition = keyspace.partition_of(product)
    keys = [keyspace.product(product), keyspace.changes(partition), keyspace.cache(product), keyspace.proof(product)]
    keys += [keyspace.cold(partition), keyspace.places(partition), keyspace.warm(partition)]
    keys.append(keyspace.frontier(partition))
    args: list[Argument] = ["" if expected is None else expected, past.tier, past.currency, reason, str(product)]
    args.append(_pack((about.offer.value, about.at, "" if about.price is None else about.price)))
    args.append(_pack(list(chain.from_iterable(past.proofs.items()))))
    args += [past.least_version, "" if cooled_since is None else cooled_since]
    args += [past.rate or "", past.availability or ""]
    for offer in Offer:
        steps = past.offers.get(offer, Steps())
        _check(offer, steps)
        keys += [keyspace.raw(product, offer), keyspace.state(product, offer)]
        keys += [keyspace.compaction(product, offer, unit, aggregate) for unit, aggregate in keyspace.COMPACTIONS]
        args += [offer.value, _pack(list(chain.from_iterable(steps.prices)))]
        args += [_pack([int(number) for number in chain.from_iterable(steps.states)])]
        args += [steps.last_seen or "", past.crawled.get(offer, "*")]
    return keys, args


def _check(offer: Offer, steps: Steps) -> None:
    times = [at for at, _ in steps.prices]
    state_times = [at for at, _ in steps.states]
    if len(times) > _MAX_POINTS or len(state_times) > _MAX_POINTS:
        raise BadInput(f"{offer}: a history has at most {_MAX_POINTS} changes")
    for each in (times, state_times):
        if any(late <= early for early, late in pairwise(each)):
            raise BadInput(f"{offer}: the times of a history must rise")
    if any(not MIN_PRICE <= price <= MAX_PRICE for _, price in steps.prices):
        raise BadInput(f"{offer}: a price is {MIN_PRICE} to {MAX_PRICE} minor units")
    if any(late == early for (_, early), (_, late) in pairwise(steps.prices)):
        raise BadInput(f"{offer}: a change point must change the price")
    if (times or state_times) and steps.last_seen < max(times[-1:] + state_times[-1:]):
        raise BadInput(f"{offer}: last seen lies before the last change")

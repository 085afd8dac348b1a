"""Reading what Redis knows of products: the only module, with its scripts, that knows tiers and series keys."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from redis.exceptions import RedisError, ResponseError

from pennywren import keyspace
from pennywren.errors import Unavailable
from pennywren.keyspace import Aggregate, Unit
from pennywren.model.clock import DAY, WEEK
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.series import Bucket, State, Steps
from pennywren.store.batches import Words, send_batch
from pennywren.store.cold import part, read_cold
from pennywren.store.connect import Client
from pennywren.store.facts import OfferWords, read_facts, read_offer, read_version
from pennywren.store.state import ProductState, parse_state

BUCKET_LENGTH: Final[dict[Unit, int]] = {"day": DAY, "week": WEEK}
_CACHE_TTL: Final = 3600
_CACHE_QUESTIONS: Final = 64
"""Answers kept of one product; more are questions that nobody asks twice, or those of days gone by."""
_CACHE_MARK: Final = b"\n"
_AWAY: Final = "the price store is not reachable right now"


class Store:
    """What is believed of products, their past, and encoded answers about them."""

    def __init__(self, client: Client, bytes_client: Client) -> None:
        self.client = client
        self._bytes = bytes_client

    @property
    def raw(self) -> Client:
        """The client that answers with bytes."""
        return self._bytes

    async def product(self, product: ProductID) -> ProductState | None:
        """What is believed of one product now; None if it was never recorded."""
        return (await self.products([product]))[0]

    async def products(self, products: Sequence[ProductID]) -> list[ProductState | None]:
        """The same for several, in one round trip."""
        found: list[Mapping[str, str]] = await self._facts(products)
        without = [i for i, facts in enumerate(found) if not facts]
        for i, packed in zip(without, await read_cold(self.client, [products[i] for i in without]), strict=True):
            found[i] = packed.fields
        unknown = [i for i in without if not found[i]]
        if unknown:
            # Perhaps one got its series just between the two.
            for i, facts in zip(unknown, await self._facts([products[i] for i in unknown]), strict=True):
                found[i] = facts
        return [parse_state(product, facts) for product, facts in zip(products, found, strict=True)]

    async def steps(self, product: ProductID, offer: Offer, start: int, end: int) -> Steps:
        """One offer's change points in [start, end) ms, led by those in force at `start` with their own time."""
        prices, states = keyspace.raw(product, offer), keyspace.state(product, offer)
        # A transaction: a product that changes its tier between two reads would show a part of its past.
        async with self._bytes.pipeline(transaction=True) as pipe:
            for key in (prices, states):
                pipe.execute_command("TS.REVRANGE", key, 0, max(start, 0), "COUNT", 2)
                pipe.execute_command("TS.RANGE", key, max(start, 0) + 1, max(end - 1, start + 1))
            pipe.get(keyspace.product(product))
            led_prices, in_prices, led_states, in_states, value = await self._execute(pipe)
        if value is None:
            packed = await self._packed(product)
            if packed is None:
                return await self.steps(product, offer, start, end)
            return part(packed[offer], start, end)
        words = read_offer(value, offer)
        return Steps(
            prices=change_points(samples(led_prices)[::-1] + samples(in_prices), start, end),
            states=_states(words, samples(led_states)[:1] + samples(in_states), start, end),
            last_seen=words.last_seen,
        )

    async def states(self, product: ProductID, offer: Offer, start: int, end: int) -> Steps:
        """`steps` without the prices: how an offer came, went and was not observed, however many prices it had."""
        key = keyspace.state(product, offer)
        async with self._bytes.pipeline(transaction=True) as pipe:
            pipe.execute_command("TS.REVRANGE", key, 0, max(start, 0), "COUNT", 1)
            pipe.execute_command("TS.RANGE", key, max(start, 0) + 1, max(end - 1, start + 1))
            pipe.get(keyspace.product(product))
            led, inside, value = await self._execute(pipe)
        if value is None:
            packed = await self._packed(product)
            if packed is None:
                return await self.states(product, offer, start, end)
            steps = part(packed[offer], start, end)
            return Steps(states=steps.states, last_seen=steps.last_seen)
        words = read_offer(value, offer)
        return Steps(states=_states(words, samples(led) + samples(inside), start, end), last_seen=words.last_seen)

    async def buckets(self, product: ProductID, offer: Offer, unit: Unit, start: int, end: int) -> list[Bucket] | None:
        """Closed buckets with samples in them that begin in [start, end); None if this product has none kept."""
        aggregates: tuple[Aggregate, ...] = ("avg", "min", "max")
        # A transaction: a bucket that closes between the three would be in some of them only.
        async with self.client.pipeline(transaction=True) as pipe:
            for aggregate in aggregates:
                key = keyspace.compaction(product, offer, unit, aggregate)
                pipe.execute_command("TS.RANGE", key, max(start, 0), max(end - 1, 0))
            replies = await pipe.execute(raise_on_error=False)
        if any(isinstance(reply, ResponseError) for reply in replies):
            return None
        for reply in replies:
            if isinstance(reply, Exception):
                raise Unavailable from reply
        averages, lows, highs = replies
        return [
            Bucket(int(at), float(avg), round(float(low)), round(float(high)))
            for (at, avg), (_, low), (_, high) in zip(averages, lows, highs, strict=True)
        ]

    async def lacks_rules(self, product: ProductID) -> bool:
        """Whether a series of a product in tier charted has lost the rules that keep its compactions."""
        async with self.client.pipeline(transaction=False) as pipe:
            for offer in Offer:
                pipe.execute_command("TS.INFO", keyspace.raw(product, offer))
            replies = await self._execute(pipe)
        return any(reply and not reply["rules"] for reply in replies)

    async def cached(self, product: ProductID, question: str) -> tuple[ProductState | None, bytes | None]:
        """What is believed of a product, and the stored answer if it was made from this version of it."""
        value, stored = _checked(
            await self._ask(("GET", keyspace.product(product)), ("HGET", keyspace.cache(product), question))
        )
        facts: Mapping[str, str] = read_facts(value)
        if value is None:
            (packed,) = await read_cold(self.client, [product])
            facts = packed.fields
        # Perhaps it got its series just between the two.
        state = parse_state(product, facts) or await self.product(product)
        if state is None or stored is None:
            return state, None
        made_from, _, answer = stored.partition(_CACHE_MARK)
        return state, answer if int(made_from) == state.version else None

    async def cache(self, product: ProductID, question: str, version: int, answer: bytes) -> int:
        """Keep an encoded answer that was made from `version` or later, and say which one the product has now: if it is
        another, the answer may be of two, and nobody is given it.

        It is forgotten an hour after the last one. Where Redis cannot keep it, it is not kept. Whoever asks ever new
        questions cannot fill Redis: when a product has too many answers, all of them go.
        """
        key = keyspace.cache(product)
        read, *_, kept = await self._ask(
            ("GET", keyspace.product(product)),
            ("HSET", key, question, str(version).encode() + _CACHE_MARK + answer),
            ("EXPIRE", key, _CACHE_TTL),
            ("HLEN", key),
        )
        (value,) = _checked([read])
        if isinstance(kept, int) and kept > _CACHE_QUESTIONS:
            await self._ask(("DEL", key))
        if value is not None:
            return read_version(value)
        state = await self.product(product)
        return 0 if state is None else state.version

    async def _facts(self, products: Sequence[ProductID]) -> list[Mapping[str, str]]:
        """What stands under the keys of products that have series; nothing for others."""
        asked = (("GET", keyspace.product(each)) for each in products)
        return [read_facts(value) for value in _checked(await self._ask(*asked))]

    async def _ask(self, *commands: Words) -> list[Any]:
        """The replies to commands in one round trip, in bytes; what Redis refused is an exception in its place.

        Raises:
            Unavailable: Redis does not answer.
        """
        try:
            return await send_batch(self._bytes, commands)
        except (RedisError, OSError) as error:
            raise Unavailable(_AWAY) from error

    async def _packed(self, product: ProductID) -> Mapping[Offer, Steps] | None:
        """The past of a product that had no series a moment ago; None if it has some by now."""
        (packed,) = await read_cold(self.client, [product], past=True)
        if packed.past is not None:
            return packed.past
        async with self.client.pipeline(transaction=False) as pipe:
            pipe.exists(keyspace.product(product))
            (has_series,) = await self._execute(pipe)
        return None if has_series else dict.fromkeys(Offer, Steps())

    async def _execute(self, pipe: Any) -> list[Any]:
        """Run a pipeline of reads; a series that does not exist reads as empty.

        Raises:
            Unavailable: Redis does not answer.
        """
        try:
            replies: list[Any] = await pipe.execute(raise_on_error=False)
        except (RedisError, OSError) as error:
            raise Unavailable(_AWAY) from error
        return _checked(replies)


def _checked(replies: list[Any]) -> list[Any]:
    """The same replies; a series that does not exist reads as empty.

    Raises:
        Unavailable: Redis refused one.
    """
    for i, reply in enumerate(replies):
        if isinstance(reply, ResponseError) and "key does not exist" in str(reply):
            replies[i] = []
        elif isinstance(reply, Exception):
            raise Unavailable(_AWAY) from reply
    return replies


def samples(reply: Sequence[Sequence[Any]]) -> list[tuple[int, int]]:
    """The samples of an answer of TimeSeries: time (ms), value."""
    return [(int(at), round(float(value))) for at, value in reply]


def _states(words: OfferWords, in_series: Sequence[tuple[int, int]], start: int, end: int) -> list[tuple[int, State]]:
    """The states in [start, end) ms, led by that in force at `start`: few are in the value, many in a series."""
    if words.states:
        return part(Steps(states=words.states), start, end).states
    return [(at, State(value)) for at, value in in_series if at < end]


def change_points(samples: Sequence[tuple[int, int]], start: int, end: int) -> list[tuple[int, int]]:
    """What matters in [start, end); of two samples of one change the first is hidden: it repeats the price before."""
    points: list[tuple[int, int]] = []
    for at, price in samples:
        if at < end and (not points or points[-1][1] != price):
            points.append((at, price))
    leading = sum(1 for at, _ in points if at <= start)
    return points[max(leading - 1, 0) :]

"""History answers, encoded and kept by version: in Redis for all processes, the recently used ones in this one."""

import asyncio
from typing import Final, Protocol
from zlib import crc32

from pennywren.errors import NotFound, Unavailable
from pennywren.history.answer import columns_answer, encode, history_answer
from pennywren.history.held import Encoded, HeldAnswers
from pennywren.history.question import Question
from pennywren.history.reading import HistoryReader
from pennywren.model.product import ProductID
from pennywren.store.state import ProductState
from pennywren.store.store import Store
from pennywren.store.versions import Versions

_ATTEMPTS: Final = 3


class Views(Protocol):
    """Notes that products are viewed."""

    def is_noted(self, product: ProductID) -> bool:
        """Whether one more view would say nothing new."""
        ...

    async def viewed(self, product: ProductID) -> None:
        """Somebody looks at the product's history."""
        ...


def etag(version: int, answer: bytes) -> str:
    """A strong validator. The version alone would lie after prices were restored from the archive."""
    return f'"{version:x}-{crc32(answer):08x}"'


class HistoryService:
    """Answers questions about the history of a product."""

    def __init__(
        self,
        store: Store,
        reader: HistoryReader,
        standby: tuple[Store, HistoryReader] | None = None,
        views: Views | None = None,
        told_within: float = 0.0,
    ) -> None:
        """`standby` reads replicas, and answers where the store itself cannot; `views` is told of each view.

        With `told_within` seconds Redis tells what moves (`Versions`); else it is asked for each answer that is held.
        """
        self._views = views
        self._store = store
        self._reader = reader
        self._standby = standby
        self._versions = Versions(store.raw, told_within)
        self._held = HeldAnswers()
        self._making: dict[tuple[ProductID, Question], asyncio.Task[Encoded]] = {}
        """What is being made: when a popular product moves, many ask at once for what one of them has to make."""

    async def aclose(self) -> None:
        """Listen to Redis no more."""
        await self._versions.aclose()

    def at_hand(self, product: ProductID, question: Question) -> Encoded | None:
        """The answer if it is known without asking anybody that it is `held`, and the view is noted."""
        found = self._held.get(product, question)
        if found is None or self._versions.known(product) != found.version:
            return None
        return found if self._views is None or self._views.is_noted(product) else None

    async def held(self, product: ProductID, question: Question) -> Encoded | None:
        """The answer if this process holds it and the product has not moved since: at most a share of a round trip.

        Raises:
            Unavailable: Redis does not answer.
        """
        found = self._held.get(product, question)
        if found is None:
            return None
        version = self._versions.known(product)
        if version is None:
            version = await self._versions.of(product)
        if version != found.version:
            return None
        if self._views is not None:
            await self._views.viewed(product)
        return found

    async def answer(self, product: ProductID, question: Question) -> Encoded:
        """The encoded answer, from the cache in Redis if the product has not moved since: one round trip.

        Raises:
            NotFound: no price of this product is known.
            BadQuery: more buckets or changes than one answer holds.
            Unavailable: Redis does not answer, nor a replica.
        """
        try:
            return await self._fresh(product, question)
        except Unavailable:
            if self._standby is None:
                raise
        version, body = await _read(*self._standby, product, question, stale=True)
        return Encoded(version, etag(version, body), body, stale=True)

    async def _fresh(self, product: ProductID, question: Question) -> Encoded:
        state, stored = await self._store.cached(product, question.key)
        if state is None:
            raise _unknown(product)
        if self._views is not None:
            await self._views.viewed(product)
        if stored is not None:
            return self._hold(product, question, state.version, stored)
        held = self._held.get(product, question)
        if held is not None and held.version == state.version:  # made while this one asked
            return held
        while True:
            making = self._making.get((product, question))
            is_own = making is None
            if making is None:
                making = asyncio.create_task(self._make(state, question))
                self._making[product, question] = making
                making.add_done_callback(lambda done: self._made(product, question, done))
            # Whoever gives up must not take the answer from the others.
            made = await asyncio.shield(making)
            if is_own or made.version >= state.version:
                return made

    async def _make(self, state: ProductState, question: Question) -> Encoded:
        product, version, body = state.product, 0, b""
        for attempt in range(_ATTEMPTS):
            if attempt:
                version, body = await _read(self._store, self._reader, product, question)
            else:
                version, body = state.version, await _encoded(self._reader, state, question)
            # Several reads made this answer; it is of one version only if that stood still meanwhile.
            if await self._store.cache(product, question.key, version, body) == version:
                return self._hold(product, question, version, body)
        return Encoded(version, etag(version, body), body)

    def _made(self, product: ProductID, question: Question, done: asyncio.Task[Encoded]) -> None:
        del self._making[product, question]
        if not done.cancelled():
            done.exception()  # counts as seen, also where nobody waits any more

    def _hold(self, product: ProductID, question: Question, version: int, body: bytes) -> Encoded:
        return self._held.put(product, question, Encoded(version, etag(version, body), body))


async def _read(
    store: Store, reader: HistoryReader, product: ProductID, question: Question, *, stale: bool = False
) -> tuple[int, bytes]:
    state = await store.product(product)
    if state is None:
        raise _unknown(product)
    return state.version, await _encoded(reader, state, question, stale=stale)


def _unknown(product: ProductID) -> NotFound:
    return NotFound(f"no price of {product} is known: POST /products tracks it, and its history begins then")


async def _encoded(reader: HistoryReader, state: ProductState, question: Question, *, stale: bool = False) -> bytes:
    reading = await reader.read(state, question)
    answer = columns_answer if question.columns else history_answer
    return encode(answer(state.product, question.offer, state.currency, reading, stale=stale))

"""Answers are cached by version, and never outlive it."""

import asyncio
import json
from typing import Any
from unittest.mock import patch

import pytest

from pennywren import keyspace
from pennywren.errors import NotFound
from pennywren.history.question import parse_question
from pennywren.history.reading import HistoryReader
from pennywren.history.service import HistoryService
from pennywren.model.clock import DAY
from pennywren.model.observation import Look
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.series import OfferState, Steps
from pennywren.record.recording import LookToRecord, Recorder
from pennywren.record.rewriting import rewrite
from pennywren.settings import Settings
from pennywren.store.store import Store

PRODUCT = ProductID("us", "B08N5WRWNW")
NOW = 1_764_028_800_000
QUESTION = parse_question({"interval": "day"}, NOW)


def _service(store: Store) -> HistoryService:
    return HistoryService(store, HistoryReader(store, Settings(), lambda: NOW))


async def _look(store: Store, at: int, price: int) -> None:
    await Recorder(store, 7 * 86_400, NOW).record([LookToRecord(Look(PRODUCT, "USD", {Offer.BUYBOX: price}, at))])


async def test_a_product_of_which_nothing_is_known_is_not_found(store: Store) -> None:
    with pytest.raises(NotFound, match="no price of us:B08N5WRWNW is known"):
        await _service(store).answer(PRODUCT, QUESTION)


async def test_the_same_question_is_answered_from_the_cache_in_one_round_trip(store: Store) -> None:
    await _look(store, NOW - 2 * DAY, 1500)
    await _look(store, NOW - DAY, 1200)
    first = await _service(store).answer(PRODUCT, QUESTION)
    asked: list[str] = []
    ask, execute = Store._ask, Store._execute  # pyright: ignore[reportPrivateUsage]

    async def counted_ask(self: Store, *commands: Any) -> list[Any]:
        asked.append("round trip")
        return await ask(self, *commands)

    async def counted_execute(self: Store, pipe: Any) -> list[Any]:
        asked.append("round trip")
        return await execute(self, pipe)

    with patch.object(Store, "_ask", counted_ask), patch.object(Store, "_execute", counted_execute):
        assert await _service(store).answer(PRODUCT, QUESTION) == first
    assert asked == ["round trip"]
    assert [(p["timestamp"], p["price"]) for p in json.loads(first.body)["history"]] == [
        ("2025-11-23T00:00:00Z", 1500),
        ("2025-11-24T00:00:00Z", 1200),
    ]


@pytest.mark.parametrize("price", [1200, 1100])
async def test_a_look_makes_a_new_answer_with_another_etag(store: Store, price: int) -> None:
    await _look(store, NOW - DAY, 1200)
    old = await _service(store).answer(PRODUCT, QUESTION)
    await _look(store, NOW - DAY // 2, price)
    answer = await _service(store).answer(PRODUCT, QUESTION)
    assert answer.etag != old.etag
    assert json.loads(answer.body)["lastSeen"] == "2025-11-24T12:00:00Z"
    assert json.loads(answer.body)["low"]["price"] == price
    assert json.loads(old.body)["lastSeen"] == "2025-11-24T00:00:00Z"


async def test_a_process_holds_what_it_answered_until_the_product_moves(store: Store) -> None:
    service = _service(store)
    await _look(store, NOW - DAY, 1200)
    assert await service.held(PRODUCT, QUESTION) is None
    answer = await service.answer(PRODUCT, QUESTION)
    assert await asyncio.gather(*(service.held(PRODUCT, QUESTION) for _ in range(50))) == [answer] * 50
    await _look(store, NOW - DAY // 2, 1200)
    assert await service.held(PRODUCT, QUESTION) is None


async def test_what_many_ask_for_at_once_is_made_once(store: Store) -> None:
    await _look(store, NOW - DAY, 1200)
    service, made = _service(store), list[str]()
    original = HistoryReader.read

    async def counted(self: HistoryReader, *args: Any) -> Any:
        made.append("once")
        return await original(self, *args)

    with patch.object(HistoryReader, "read", counted):
        answers = await asyncio.gather(*(service.answer(PRODUCT, QUESTION) for _ in range(20)))
    assert made == ["once"]
    assert answers == [answers[0]] * 20


async def test_whoever_asks_after_a_change_is_not_told_what_was_made_before_it(store: Store) -> None:
    await _look(store, NOW - DAY, 1200)
    service, reading, go_on = _service(store), asyncio.Event(), asyncio.Event()
    original = HistoryReader.read

    async def slow(self: HistoryReader, *args: Any) -> Any:
        found = await original(self, *args)
        if not reading.is_set():
            reading.set()
            await go_on.wait()
        return found

    with (
        patch.object(HistoryReader, "read", slow),
        patch("pennywren.history.service._ATTEMPTS", 1),
    ):
        early = asyncio.create_task(service.answer(PRODUCT, QUESTION))
        await reading.wait()
        await _look(store, NOW - DAY // 2, 1100)
        late = asyncio.create_task(service.answer(PRODUCT, QUESTION))
        go_on.set()
        assert json.loads((await early).body)["low"]["price"] == 1200
        assert json.loads((await late).body)["low"]["price"] == 1100


async def test_whoever_gives_up_does_not_take_the_answer_from_those_who_wait_with_them(store: Store) -> None:
    await _look(store, NOW - DAY, 1200)
    service, reading, go_on = _service(store), asyncio.Event(), asyncio.Event()
    original = HistoryReader.read

    async def slow(self: HistoryReader, *args: Any) -> Any:
        reading.set()
        await go_on.wait()
        return await original(self, *args)

    with patch.object(HistoryReader, "read", slow):
        impatient = asyncio.create_task(service.answer(PRODUCT, QUESTION))
        await reading.wait()
        patient = asyncio.create_task(service.answer(PRODUCT, QUESTION))
        impatient.cancel()
        go_on.set()
        assert json.loads((await patient).body)["low"]["price"] == 1200


async def test_ever_new_questions_do_not_fill_redis(store: Store) -> None:
    service = _service(store)
    await _look(store, NOW - DAY, 1200)
    kept: list[int] = []
    for second in range(150):
        question = parse_question({"interval": "raw", "startTime": str(NOW // 1000 - 86_400 - second)}, NOW)
        assert json.loads((await service.answer(PRODUCT, question)).body)["low"]["price"] == 1200
        kept.append(int(await store.client.hlen(keyspace.cache(PRODUCT))))
    assert 1 < max(kept) <= 64


async def test_an_answer_that_a_rewrite_overtook_is_made_again_and_the_cache_is_right(store: Store) -> None:
    await _look(store, NOW - DAY, 1200)
    original = HistoryReader.read
    rewritten = Steps([(NOW - 3 * DAY, 900)], [], NOW)
    pending = [rewritten]

    async def overtaken(self: HistoryReader, *args: Any) -> Any:
        reading = await original(self, *args)
        if pending:
            await rewrite(store, PRODUCT, "USD", {Offer.BUYBOX: pending.pop()}, reason="import")
        return reading

    with patch.object(HistoryReader, "read", overtaken):
        answer = await _service(store).answer(PRODUCT, QUESTION)
    assert json.loads(answer.body)["average"] == 900
    assert await _service(store).answer(PRODUCT, QUESTION) == answer


async def test_the_low_of_an_answer_is_the_low_that_the_product_has(store: Store) -> None:
    for i, price in enumerate([1500, 1200, 1900, 1100]):
        await _look(store, NOW - DAY + i * 1000, price)
    answer = (await _service(store).answer(PRODUCT, QUESTION)).body
    state = await store.product(PRODUCT)
    assert state is not None
    offer: OfferState = state.offers[Offer.BUYBOX]
    told = json.loads(answer)
    assert (told["low"]["price"], told["high"]["price"]) == (offer.low, offer.high) == (1100, 1900)

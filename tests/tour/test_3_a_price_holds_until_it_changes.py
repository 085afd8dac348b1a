"""History as a step function, with its silences."""

import json

from pennywren.history.question import parse_question
from pennywren.history.reading import HistoryReader
from pennywren.history.service import HistoryService
from pennywren.model.observation import Look
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.record.recording import LookToRecord, Recorder
from pennywren.settings import Settings
from pennywren.store.store import Store

KETTLE = ProductID("us", "B08N5WRWNW")
HOUR = 3_600_000
DAY = 24 * HOUR
MIDNIGHT = 1_763_942_400_000  # 2025-11-24T00:00:00Z, a Monday


async def test_a_price_holds_until_it_changes(store: Store) -> None:
    recorder = Recorder(store, gap_after=7 * 86_400)
    service = HistoryService(store, HistoryReader(store, Settings(), clock=lambda: MIDNIGHT + 2 * DAY))
    for at, price in [(0, 1000), (18 * HOUR, 2000), (30 * HOUR, None), (36 * HOUR, 2000)]:
        await recorder.record([LookToRecord(Look(KETTLE, "USD", {Offer.BUYBOX: price}, MIDNIGHT + at))])

    question = parse_question({"interval": "day", "startTime": "2025-11-24"}, now=MIDNIGHT + 2 * DAY)
    history = json.loads((await service.answer(KETTLE, question)).body)

    # Monday: 18 hours at 10.00 and 6 at 20.00 are 12.50 on average. Tuesday: while there was no offer, nothing counts.
    assert [(day["timestamp"], day["price"]) for day in history["history"]] == [
        ("2025-11-24T00:00:00Z", 1250),
        ("2025-11-25T00:00:00Z", 2000),
    ]
    assert history["noOffer"] == [{"startTime": "2025-11-25T06:00:00Z", "endTime": "2025-11-25T12:00:00Z"}]
    assert history["low"]["price"] == 1000
    assert history["lastSeen"] == "2025-11-25T12:00:00Z"

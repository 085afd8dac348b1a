"""How an offer came and went reads back the same, whether it is kept in the product's value or as a series."""

import pytest

from pennywren import keyspace
from pennywren.model.observation import Look
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.series import State, Steps
from pennywren.record.recording import LookToRecord, Recorder
from pennywren.record.rewriting import rewrite
from pennywren.record.tiering import move_to_tier, warm_up
from pennywren.store.snapshots import take
from pennywren.store.state import Tier
from pennywren.store.store import Store

NOW = 1_760_000_000_000
KETTLE = ProductID("us", "B08N5WRWNW")
EVER = 1 << 45


@pytest.mark.parametrize("tier", ["raw", "charted"])
@pytest.mark.parametrize("count", [0, 1, 15, 16, 17, 18, 40])
async def test_few_states_are_in_the_value_and_many_in_a_series(store: Store, count: int, tier: Tier) -> None:
    await warm_up(store, [KETTLE], 1)
    recorder = Recorder(store, 7 * 86_400, now=NOW)
    first = NOW - 100 * 1000
    looks = [Look(KETTLE, "USD", {Offer.BUYBOX: None if i % 2 else 1000}, first + i * 1000) for i in range(count + 1)]
    await recorder.record([LookToRecord(look) for look in looks[:1]])
    await move_to_tier(store, KETTLE, tier)
    for look in looks[1:]:
        await recorder.record([LookToRecord(look)])
    states = [(first + i * 1000, State.NO_OFFER if i % 2 else State.OFFERED) for i in range(1, count + 1)]
    expected = Steps([(first, 1000)], states, first + count * 1000)

    async def check() -> None:
        assert await store.steps(KETTLE, Offer.BUYBOX, 0, EVER) == expected
        (snapshot,) = await take(store.client, [KETTLE])
        assert snapshot is not None
        assert snapshot.offers[Offer.BUYBOX].steps == expected
        for start in (first, first + 999, first + 1000, first + 10_500):
            from_start = [each for each in states if each[0] > start]
            led = [each for each in states if each[0] <= start][-1:]
            assert (await store.states(KETTLE, Offer.BUYBOX, start, EVER)).states == led + from_start
        assert (await store.states(KETTLE, Offer.BUYBOX, 0, first + 3000)).states == states[:2]
        assert await store.client.exists(keyspace.state(KETTLE, Offer.BUYBOX)) == (count > 16)

    await check()
    await rewrite(store, KETTLE, "USD", {Offer.BUYBOX: expected}, reason="import", tier=tier)
    await check()


async def test_a_silence_that_does_not_fit_any_more_is_kept_whole(store: Store) -> None:
    """It adds two states at once: the sixteenth and the seventeenth."""
    await warm_up(store, [KETTLE], 1)
    recorder = Recorder(store, 10, now=NOW)
    first = NOW - 100_000
    ats = [first + i * 1000 for i in range(16)]
    looks = [Look(KETTLE, "USD", {Offer.BUYBOX: None if i % 2 else 1000}, at) for i, at in enumerate(ats)]
    looks.append(Look(KETTLE, "USD", {Offer.BUYBOX: None}, ats[-1] + 10_001))
    await recorder.record([LookToRecord(look) for look in looks])
    steps = await store.steps(KETTLE, Offer.BUYBOX, 0, EVER)
    assert len(steps.states) == 17
    assert steps.states[-2:] == [(ats[-1] + 1, State.NOT_OBSERVED), (ats[-1] + 10_001, State.NO_OFFER)]
    assert await store.client.exists(keyspace.state(KETTLE, Offer.BUYBOX))

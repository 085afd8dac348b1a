"""A price that was told and found false: whoever was told is told so, once, and watches are armed again."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from pennywren.model.clock import MINUTE, system_clock
from pennywren.model.offer import Offer
from pennywren.notify import waiting
from pennywren.pipeline.correcting import Corrector
from pennywren.pipeline.delivering import Deliverer
from pennywren.pipeline.matching import Matcher
from pennywren.pipeline.withdrawing import Plan, plan_withdrawal, withdraw
from pennywren.postgres.pool import transaction
from pennywren.workqueue import WorkQueue
from tests.postgres.notify.mailserver import MailServer, mail_server
from tests.postgres.notify.test_delivering import make_deliverer
from tests.postgres.notify.world import PRODUCT, T0, World

BECAUSE = "the page showed the price of a spare part"
FALSE, TRUE = 99, 1599


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    async with mail_server() as mails:
        yield mails


@pytest.fixture
def deliverer(world: World, server: MailServer) -> Deliverer:
    return make_deliverer(world, server.url)


@pytest.fixture
def queue(queue_url: str) -> WorkQueue:
    return WorkQueue(queue_url)


@pytest.fixture
def matcher(world: World, queue: WorkQueue) -> Matcher:
    return Matcher(world.store, world.pool, queue, system_clock, cooldown=timedelta(hours=6))


@pytest.fixture
def corrector(world: World, queue: WorkQueue) -> Corrector:
    return Corrector(world.pool, world.store, queue, system_clock)


async def match(matcher: Matcher) -> None:
    while await matcher.step(0.05):
        pass


async def open_alerts(world: World) -> list[int]:
    rows = await world.pool.fetch("select id from alerts where state in ('decided', 'held') order by id")
    return [row["id"] for row in rows]


async def see_a_false_price(world: World) -> None:
    await world.see(TRUE, T0 + MINUTE)
    await world.see(FALSE, T0 + 2 * MINUTE)


async def take_back(world: World) -> Plan:
    return await withdraw(world.store, PRODUCT, Offer.BUYBOX, T0 + 2 * MINUTE, BECAUSE, system_clock())


async def bodies(server: MailServer) -> list[str]:
    parts = [mail.get_body(("plain",)) for mail in server.mails]
    return [part.get_content() for part in parts if part is not None]


async def test_whoever_was_told_is_told_once_that_it_was_wrong_and_the_history_is_right_again(
    world: World, matcher: Matcher, deliverer: Deliverer, server: MailServer, corrector: Corrector
) -> None:
    subscription = await world.subscribe(1300)
    await see_a_false_price(world)
    await match(matcher)
    assert await deliverer.deliver(await open_alerts(world)) == 1
    await take_back(world)
    await match(matcher)
    assert await deliverer.deliver(await open_alerts(world)) == 1
    assert await corrector.look_again() == 0
    alert, correction = server.mails
    assert alert["To"] == correction["To"]
    assert correction["Subject"] == "Correction for A kettle: not $0.99, but $15.99"
    text = (await bodies(server))[1]
    assert "Correction: it was not $0.99. Now $15.99." in text
    assert f"$0.99 was found false. The reason: {BECAUSE}." in text
    html = correction.get_body(("html",))
    assert html is not None
    assert "Correction: it was not $0.99" in html.get_content()
    state = await world.store.product(PRODUCT)
    assert state is not None
    buybox = state.offers[Offer.BUYBOX]
    assert (buybox.price, buybox.low, buybox.high) == (TRUE, TRUE, TRUE)
    row = await world.pool.fetchrow("select * from subscriptions where id = $1", subscription)
    assert row is not None
    assert (row["last_alert_at"], row["last_alert_price"]) == (None, None)


async def test_the_watch_tells_the_next_true_drop_at_once(
    world: World, matcher: Matcher, deliverer: Deliverer, server: MailServer
) -> None:
    await world.subscribe(1300)
    await see_a_false_price(world)
    await match(matcher)
    await deliverer.deliver(await open_alerts(world))
    await take_back(world)
    await match(matcher)
    await deliverer.deliver(await open_alerts(world))
    await world.see(1299, system_clock() + 1_000)
    await match(matcher)
    await deliverer.deliver(await open_alerts(world))
    assert [mail["Subject"] for mail in server.mails][2] == "A kettle: $12.99 (was $15.99)"


async def test_a_true_price_that_meets_the_target_is_told_with_the_correction(
    world: World, matcher: Matcher, deliverer: Deliverer, server: MailServer
) -> None:
    await world.subscribe(1300)
    await see_a_false_price(world)
    await match(matcher)
    await deliverer.deliver(await open_alerts(world))
    await world.see(1250, T0 + 3 * MINUTE)
    await match(matcher)
    await take_back(world)
    await match(matcher)
    await deliverer.deliver(await open_alerts(world))
    subjects = sorted(mail["Subject"] for mail in server.mails[1:])
    assert subjects == ["A kettle: $12.50", "Correction for A kettle: not $0.99, but $12.50"]


async def test_what_was_not_sent_yet_is_not_sent_and_needs_no_correction(
    world: World, matcher: Matcher, deliverer: Deliverer, server: MailServer
) -> None:
    await world.subscribe(1300)
    await see_a_false_price(world)
    await match(matcher)
    alerts = await open_alerts(world)
    await take_back(world)
    await match(matcher)
    assert await deliverer.deliver(alerts) == 0
    assert server.mails == []
    assert [row["state"] for row in await world.alerts()] == ["dropped"]
    assert await world.attempts() == [("failed", "the price was found false before it was told")]


async def test_a_false_price_and_its_withdrawal_read_at_once_tell_nobody(
    world: World, matcher: Matcher, deliverer: Deliverer, server: MailServer
) -> None:
    await world.subscribe(1300)
    await see_a_false_price(world)
    await take_back(world)
    await match(matcher)
    assert await deliverer.deliver([row["id"] for row in await world.alerts()]) == 0
    assert server.mails == []


async def test_somebody_with_two_watches_gets_one_correction(
    world: World, matcher: Matcher, deliverer: Deliverer, server: MailServer
) -> None:
    first, second = await world.subscribe_many([1300, 1400])
    await world.pool.execute(
        "update subscriptions set notification_type = 'PREFERRED', "
        "person_id = (select person_id from subscriptions where id = $1) where id = $2",
        first,
        second,
    )
    await see_a_false_price(world)
    await match(matcher)
    assert await deliverer.deliver(await open_alerts(world)) == 2
    await take_back(world)
    await match(matcher)
    assert await deliverer.deliver(await open_alerts(world)) == 1
    assert len(server.mails) == 3
    rows = await world.pool.fetch("select last_alert_at from subscriptions")
    assert [row["last_alert_at"] for row in rows] == [None, None]


async def test_what_was_being_sent_is_corrected_when_it_is_known_what_became_of_it(
    world: World, matcher: Matcher, deliverer: Deliverer, server: MailServer, corrector: Corrector
) -> None:
    await world.subscribe(1300)
    await see_a_false_price(world)
    await match(matcher)
    await world.pool.execute("update alerts set state = 'sending', sending_until = now() - interval '1 second'")
    alerts = [row["id"] for row in await world.alerts()]
    await take_back(world)
    await match(matcher)
    assert len(await world.alerts()) == 1
    assert await deliverer.deliver(alerts) == 1
    assert await corrector.look_again() == 1
    assert await corrector.look_again() == 0
    assert await deliverer.deliver(await open_alerts(world)) == 1
    assert "Correction" in server.mails[1]["Subject"]


async def test_a_correction_that_was_decided_and_never_queued_is_swept_up(
    world: World, matcher: Matcher, deliverer: Deliverer
) -> None:
    await world.subscribe(1300)
    await see_a_false_price(world)
    await match(matcher)
    await deliverer.deliver(await open_alerts(world))
    await take_back(world)
    await match(matcher)
    await world.pool.execute(
        "update alerts set queued_at = null, decided_at = now() - interval '1 minute' where about = 'correction'"
    )
    async with transaction(world.pool) as connection:
        assert await waiting.overdue(connection, 10) == await open_alerts(world) != []


async def test_correcting_at_once_from_two_sides_corrects_once(
    world: World, matcher: Matcher, deliverer: Deliverer, corrector: Corrector
) -> None:
    await world.subscribe_many([1300] * 5)
    await see_a_false_price(world)
    await match(matcher)
    await deliverer.deliver(await open_alerts(world))
    await take_back(world)
    await asyncio.gather(match(matcher), *(corrector.look_again() for _ in range(4)))
    rows = await world.pool.fetch("select count(*) as n from alerts where about = 'correction'")
    assert rows[0]["n"] == 5


async def test_withdrawing_while_looks_arrive_loses_none_of_them(world: World) -> None:
    await see_a_false_price(world)

    async def look() -> None:
        for i in range(40):
            await world.see(1500 + i, T0 + 3 * MINUTE + i)

    await asyncio.gather(look(), take_back(world))
    steps = await world.store.steps(PRODUCT, Offer.BUYBOX, 0, 1 << 45)
    assert steps.prices == [(T0 + MINUTE, TRUE), *((T0 + 3 * MINUTE + i, 1500 + i) for i in range(40))]


async def test_a_watch_that_tells_once_waits_again(world: World, matcher: Matcher, deliverer: Deliverer) -> None:
    subscription = await world.subscribe(1300, once=True)
    await see_a_false_price(world)
    await match(matcher)
    await deliverer.deliver(await open_alerts(world))
    assert await world.pool.fetchval("select state from subscriptions where id = $1", subscription) == "ended"
    await take_back(world)
    await match(matcher)
    assert await world.pool.fetchval("select state from subscriptions where id = $1", subscription) == "active"


async def test_a_plan_shows_what_would_be_said_instead_and_changes_nothing(world: World) -> None:
    await see_a_false_price(world)
    plan = await plan_withdrawal(world.store, PRODUCT, Offer.BUYBOX, T0 + 2 * MINUTE)
    assert (plan.sample.price, plan.held) == (FALSE, TRUE)
    state = await world.store.product(PRODUCT)
    assert state is not None
    assert state.offers[Offer.BUYBOX].price == FALSE

"""What waits for quiet hours, a digest or a budget: it is looked at again, and only goes if it is still true."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from pennywren.accounts import preferences, subscriptions
from pennywren.model.clock import DAY, HOUR, MINUTE
from pennywren.notify import waiting
from pennywren.notify.channels.email.smtp import EmailChannel, read_smtp_url
from pennywren.pipeline.composing import Composer
from pennywren.pipeline.delivering import Deliverer
from pennywren.postgres.moments import to_moment
from pennywren.postgres.pool import transaction
from pennywren.store.connect import connect
from pennywren.store.store import Store
from tests.postgres.notify.mailserver import MailServer, mail_server
from tests.postgres.notify.world import OTHER, PRODUCT, T0, World, change
from tests.web.site import HandClock

# T0 is 2025-11-24 16:00 UTC, a Monday.
BASE = "https://pennywren.example.org"


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    async with mail_server() as mails:
        yield mails


@pytest.fixture
def clock() -> HandClock:
    return HandClock(T0 + MINUTE)


@pytest.fixture
def deliverer(world: World, server: MailServer, clock: HandClock) -> Deliverer:
    return make_deliverer(world, server, clock)


def make_deliverer(world: World, server: MailServer, clock: HandClock) -> Deliverer:
    email = EmailChannel(read_smtp_url(server.url), "alerts@pennywren.example.org", clock)
    composer = Composer(BASE, bytes(32), None)
    return Deliverer(world.pool, world.store, {"EMAIL": email}, composer, webhook_key=bytes(32), clock=clock)


async def wish(world: World, **changes: Any) -> None:
    """The first person's wishes."""
    async with transaction(world.pool) as connection:
        person = await connection.fetchval("select min(id) from people")
        await preferences.change(connection, person, changes)


async def alert(world: World, subscription: int, price: int = 1299, at: int = T0) -> list[int]:
    product = await world.pool.fetchval("select product_id from subscriptions where id = $1", subscription)
    about = PRODUCT if product == str(PRODUCT) else OTHER
    await world.see(price, at, about)
    return await world.decide(change(1599, price, at, about), subscription)


async def until(world: World) -> int:
    """The moment that the only alert waits for, as ms UTC."""
    return int(await world.pool.fetchval("select extract(epoch from next_attempt_at) * 1000 from alerts"))


async def release(world: World) -> list[int]:
    """Let the moment come for what is held; what a sweep would enqueue."""
    await world.pool.execute(
        "update alerts set next_attempt_at = now() - interval '1 s', queued_at = queued_at - interval '1 day' "
        "where state = 'held'"
    )
    async with transaction(world.pool) as connection:
        return await waiting.overdue(connection, 100)


async def states(world: World) -> list[str]:
    return [row["state"] for row in await world.alerts()]


async def reasons(world: World) -> set[str]:
    return {row["reason"] for row in await world.pool.fetch("select reason from decisions")}


async def test_in_quiet_hours_an_alert_waits_for_their_end(
    world: World, server: MailServer, deliverer: Deliverer, clock: HandClock
) -> None:
    subscription = await world.subscribe(1300)
    await wish(world, quiet=(16 * 60, 18 * 60), time_zone="Europe/London")
    alert_ids = await alert(world, subscription)
    assert await deliverer.deliver(alert_ids) == 0
    assert (await states(world), await until(world)) == (["held"], T0 + 2 * HOUR)
    assert await deliverer.deliver(alert_ids) == 0  # not yet
    clock.now = T0 + 2 * HOUR
    assert await release(world) == alert_ids
    assert await deliverer.deliver(alert_ids) == 1
    assert await reasons(world) == {"quietHours", "delivered"}
    assert len(server.mails) == 1


async def test_an_attempt_that_failed_before_the_quiet_hours_is_not_made_again_in_them(
    world: World, server: MailServer, deliverer: Deliverer, clock: HandClock
) -> None:
    subscription = await world.subscribe(1300)
    await wish(world, quiet=(17 * 60, 18 * 60), time_zone="Europe/London", weekly_budget=1)
    server.data["person-1@example.org"] = "451 not now"
    alert_ids = await alert(world, subscription)
    assert await deliverer.deliver(alert_ids) == 0
    server.data.clear()
    clock.now = T0 + HOUR + MINUTE
    await world.pool.execute("update alerts set next_attempt_at = now()")
    assert await deliverer.deliver(alert_ids) == 0
    assert (await states(world), await until(world)) == (["held"], T0 + 2 * HOUR)
    clock.now = T0 + 2 * HOUR
    assert await release(world) == alert_ids
    assert await deliverer.deliver(alert_ids) == 1
    assert await reasons(world) == {"retry", "quietHours", "delivered"}
    assert [mail["Message-ID"] for mail in server.mails] == [f"<alert-{alert_ids[0]}@pennywren.example.org>"]


@pytest.mark.parametrize("price_then", [1301, None])
async def test_what_is_no_longer_true_when_its_time_comes_is_dropped_and_remembered(
    world: World, server: MailServer, deliverer: Deliverer, clock: HandClock, price_then: int | None
) -> None:
    subscription = await world.subscribe(1300)
    await wish(world, quiet=(16 * 60, 18 * 60))
    alert_ids = await alert(world, subscription)
    await deliverer.deliver(alert_ids)
    await world.see(price_then, T0 + MINUTE)
    clock.now = T0 + 2 * HOUR
    await release(world)
    assert await deliverer.deliver(alert_ids) == 0
    assert await states(world) == ["dropped"]
    assert "noLongerTrue" in await reasons(world)
    assert server.mails == []


async def test_a_watch_that_is_put_to_sleep_tells_nothing_that_was_decided_before(
    world: World, server: MailServer, deliverer: Deliverer, clock: HandClock
) -> None:
    subscription = await world.subscribe(1300)
    alert_ids = await alert(world, subscription)
    await world.pool.execute("update subscriptions set snoozed_until = $1", to_moment(T0 + DAY))
    assert await deliverer.deliver(alert_ids) == 0
    assert (await states(world), await until(world)) == (["held"], T0 + DAY)

    # It is woken before its time, and tells what is still so.
    async with transaction(world.pool) as connection:
        of = await subscriptions.get_by_link(connection, subscription)
        assert of is not None
        await subscriptions.save(connection, replace(of, snoozed_until=None), clock.now)
        assert await waiting.overdue(connection, 100) == alert_ids
    assert await deliverer.deliver(alert_ids) == 1
    assert await reasons(world) == {"snoozed", "delivered"}
    assert len(server.mails) == 1


async def test_a_held_alert_tells_the_price_of_then(
    world: World, server: MailServer, deliverer: Deliverer, clock: HandClock
) -> None:
    subscription = await world.subscribe(1300)
    await wish(world, quiet=(16 * 60, 18 * 60))
    alert_ids = await alert(world, subscription)
    await deliverer.deliver(alert_ids)
    await world.see(1250, T0 + MINUTE)
    clock.now = T0 + 2 * HOUR
    await release(world)
    await deliverer.deliver(alert_ids)
    assert server.mails[0]["Subject"] == "A kettle: $12.50 (was $15.99)"


async def test_while_the_present_price_cannot_be_read_what_was_held_waits_on(
    world: World, server: MailServer, deliverer: Deliverer, clock: HandClock
) -> None:
    subscription = await world.subscribe(1300)
    await wish(world, quiet=(16 * 60, 18 * 60))
    alert_ids = await alert(world, subscription)
    await deliverer.deliver(alert_ids)
    clock.now = T0 + 2 * HOUR
    await release(world)
    nowhere = connect("redis://127.0.0.1:1/0")
    assert await make_deliverer(World(world.pool, Store(nowhere, nowhere)), server, clock).deliver(alert_ids) == 0
    await nowhere.aclose()
    assert await states(world) == ["decided"]
    assert server.mails == []


async def test_a_digest_tells_all_that_waited_in_one_mail(
    world: World, server: MailServer, deliverer: Deliverer, clock: HandClock
) -> None:
    kettle = await world.subscribe(1300)
    person = await world.pool.fetchval("select min(id) from people")
    lamp = await world.subscribe(1300, OTHER, person_id=person)
    gone = await world.subscribe(1200, OTHER, kind="PREFERRED", person_id=person)
    await wish(world, digest="daily", digest_hour=18)
    ids = [*await alert(world, kettle), *await alert(world, lamp), *await alert(world, gone, 1199, T0 + 1)]
    assert await deliverer.deliver(ids) == 0
    assert await states(world) == ["held"] * 3
    await world.see(1250, T0 + MINUTE, OTHER)
    clock.now = T0 + 2 * HOUR
    await release(world)
    assert await deliverer.deliver(ids[:1]) == 2  # whoever comes with a part of it takes it whole
    (mail,) = server.mails
    assert mail["Subject"] == "A kettle: $12.99 (was $15.99) and 1 more"
    assert mail["Message-ID"].startswith(f"<digest-{person}-")
    assert "/stop-mails/" in mail["List-Unsubscribe"]
    assert await states(world) == ["delivered", "delivered", "dropped"]


async def test_a_digest_that_fails_is_tried_again_with_the_same_message_id(
    world: World, server: MailServer, deliverer: Deliverer, clock: HandClock
) -> None:
    subscription = await world.subscribe(1300)
    await wish(world, digest="weekly", digest_hour=18, digest_weekday=1)
    ids = await alert(world, subscription)
    await deliverer.deliver(ids)
    assert await until(world) == T0 + 2 * HOUR
    clock.now = T0 + 2 * HOUR
    await release(world)
    server.data["person-1@example.org"] = "451 later"
    assert await deliverer.deliver(ids) == 0
    server.data.clear()
    await world.pool.execute("update alerts set next_attempt_at = now() where state = 'decided'")
    assert await deliverer.deliver(ids) == 1
    tried = await world.pool.fetch("select distinct message_id from deliveries")
    assert [row["message_id"] for row in tried] == [server.mails[0]["Message-ID"]]


async def test_over_the_budget_an_alert_waits_until_there_is_room(
    world: World, server: MailServer, deliverer: Deliverer, clock: HandClock
) -> None:
    subscriptions = [await world.subscribe(1300)]
    person = await world.pool.fetchval("select min(id) from people")
    subscriptions += [
        await world.subscribe(1300, product, kind=kind, person_id=person)
        for product, kind in ((OTHER, "EMAIL"), (PRODUCT, "PREFERRED"))
    ]
    await wish(world, weekly_budget=2)
    ids = [alert_id for each in subscriptions for alert_id in await alert(world, each)]
    clock.now = await world.pool.fetchval("select (extract(epoch from now()) * 1000)::bigint")
    # Two jobs at once do not both take the last place.
    await asyncio.gather(*(make_deliverer(world, server, clock).deliver([each]) for each in ids))
    assert len(server.mails) <= 2
    await deliverer.deliver(await release(world))
    assert len(server.mails) == 2
    assert sorted(await states(world)) == ["delivered", "delivered", "held"]
    assert "budget" in await reasons(world)
    await world.pool.execute("update deliveries set attempted_at = $1", to_moment(clock.now - 8 * DAY))
    assert await deliverer.deliver(await release(world)) == 1


async def test_other_wishes_let_what_waits_be_looked_at_again(
    world: World, server: MailServer, deliverer: Deliverer
) -> None:
    subscription = await world.subscribe(1300)
    await wish(world, digest="weekly")
    ids = await alert(world, subscription)
    await deliverer.deliver(ids)
    await wish(world, digest="off")
    async with transaction(world.pool) as connection:
        assert await waiting.overdue(connection, 10) == ids
    assert await deliverer.deliver(ids) == 1

"""Whoever has deleted their account is sent nothing any more, whatever was on its way."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from pennywren.accounts import preferences, subscriptions, webhooks
from pennywren.accounts.people import find_or_add
from pennywren.accounts.subscription import NotificationType, Wish
from pennywren.errors import Unavailable
from pennywren.history.picture import Pictures
from pennywren.model.clock import system_clock
from pennywren.model.offer import Offer
from pennywren.model.rule import PriceAtOrBelow
from pennywren.notify.channels.email.smtp import EmailChannel, read_smtp_url
from pennywren.pipeline import leaving
from pennywren.pipeline.composing import Charts, Composer, Parcel
from pennywren.pipeline.delivering import Deliverer
from pennywren.pipeline.leaving import forget_person
from pennywren.postgres.pool import transaction
from tests.postgres.notify.mailserver import MailServer, mail_server
from tests.postgres.notify.world import OTHER, T0, World, change

ADA, BEN = "person-1@example.org", "person-2@example.org"


class SlowComposer(Composer):
    """Composes when it is told to: between a claim and its mails."""

    def __init__(self, world: World) -> None:
        super().__init__("https://pennywren.example.org", bytes(32), Pictures(world.store))
        self.has_begun, self.may_go_on = asyncio.Event(), asyncio.Event()

    async def charts(self, parcels: Sequence[Parcel], now: int) -> Charts:
        self.has_begun.set()
        await self.may_go_on.wait()
        return await super().charts(parcels, now)


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    async with mail_server() as mails:
        yield mails


@pytest.fixture
def composer(world: World) -> SlowComposer:
    return SlowComposer(world)


@pytest.fixture
def deliverer(world: World, server: MailServer, composer: SlowComposer) -> Deliverer:
    channel = EmailChannel(read_smtp_url(server.url), "alerts@example.org", system_clock)
    return Deliverer(world.pool, world.store, {"EMAIL": channel}, composer, webhook_key=bytes(32))


async def alerts_of_two(world: World) -> list[int]:
    return await world.decide(change(1599, 1299), *await world.subscribe_many([1300, 1300]))


async def leave(world: World, email: str) -> None:
    person = await world.pool.fetchval("select id from people where email = $1", email)
    await forget_person(world.pool, world.store, person, email)


async def waits_for_a_lock(world: World) -> None:
    async with asyncio.timeout(30):
        while not await world.pool.fetchval("select exists (select from pg_locks where not granted)"):
            await asyncio.sleep(0.01)


async def test_an_alert_that_was_claimed_before_its_person_left_is_not_sent_after(
    world: World, server: MailServer, composer: SlowComposer, deliverer: Deliverer
) -> None:
    sending = asyncio.create_task(deliverer.deliver(await alerts_of_two(world)))
    await composer.has_begun.wait()
    await leave(world, ADA)
    composer.may_go_on.set()
    assert await sending == 1
    assert [mail["To"] for mail in server.mails] == [BEN]


async def test_a_deletion_is_confirmed_when_the_mail_on_its_way_has_arrived(
    world: World, server: MailServer, composer: SlowComposer, deliverer: Deliverer
) -> None:
    composer.may_go_on.set()
    server.hang.add(ADA)
    sending = asyncio.create_task(deliverer.deliver(await alerts_of_two(world)))
    await server.is_hanging.wait()
    deleting = [asyncio.create_task(leave(world, each)) for each in (ADA, BEN)]
    await waits_for_a_lock(world)
    assert not any(each.done() for each in deleting)
    server.go_on()
    await asyncio.gather(*deleting)
    assert len(server.mails) == 2  # both before their deletion was confirmed, none after it
    await sending
    assert len(server.mails) == 2
    assert await world.pool.fetchval("select count(*) from people") == 0


async def test_whoever_stays_may_change_everything_while_a_mail_is_on_its_way(
    world: World, server: MailServer, composer: SlowComposer, deliverer: Deliverer
) -> None:
    composer.may_go_on.set()
    server.hang.add(ADA)
    sending = asyncio.create_task(deliverer.deliver(await alerts_of_two(world)))
    await server.is_hanging.wait()
    async with transaction(world.pool) as connection:
        person = (await find_or_add(connection, ADA, "de")).id
        wish = Wish(OTHER, Offer.BUYBOX, PriceAtOrBelow(1000), "USD", NotificationType.EMAIL)
        await connection.execute("set local lock_timeout = '10s'")
        await connection.execute("insert into products (id) values ($1)", str(OTHER))
        await subscriptions.create(connection, person, wish, limits={"free": 10}, armed_at=T0)
        await webhooks.add(connection, person, "https://example.org/hook")
        await preferences.change(connection, person, {"channels": ("WEBHOOK",)})
    server.go_on()
    assert await sending == 2


async def test_where_a_mail_is_on_its_way_for_long_one_is_asked_to_come_again_and_nothing_is_deleted(
    world: World, server: MailServer, composer: SlowComposer, deliverer: Deliverer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leaving, "PATIENCE_S", 0.05)
    composer.may_go_on.set()
    server.hang.add(ADA)
    sending = asyncio.create_task(deliverer.deliver(await alerts_of_two(world)))
    await server.is_hanging.wait()
    with pytest.raises(Unavailable, match="on its way"):
        await leave(world, ADA)
    server.go_on()
    assert await sending == 2
    await leave(world, ADA)
    assert await world.pool.fetchval("select count(*) from people") == 1

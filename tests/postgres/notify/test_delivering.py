"""From a queued alert to a mail that a server took: claims, retries, and what is never sent."""

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from pennywren.history.held import Encoded
from pennywren.history.picture import Kind, PictureQuestion, Pictures
from pennywren.model.clock import system_clock
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.notify import alerts, deliveries, waiting
from pennywren.notify.channels.email.smtp import EmailChannel, read_smtp_url
from pennywren.pipeline.alert_times import last_day_and_month
from pennywren.pipeline.channels import open_deliverer
from pennywren.pipeline.composing import Composer
from pennywren.pipeline.delivering import LEASE, Deliverer
from pennywren.postgres.moments import to_moment
from pennywren.postgres.pool import transaction
from pennywren.settings import Settings
from pennywren.store.connect import connect
from pennywren.store.store import Store
from tests.postgres.notify.mailserver import MailServer, mail_server
from tests.postgres.notify.world import PRODUCT, T0, World, change

BASE = "https://pennywren.example.org"
FROM = "Pennywren <alerts@pennywren.example.org>"


class NotedPictures(Pictures):
    """Draws, and notes what was asked for."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.asked: list[PictureQuestion] = []

    async def picture(self, product: ProductID, question: PictureQuestion, kind: Kind, now: int) -> Encoded:
        self.asked.append(question)
        return await super().picture(product, question, kind, now)


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    async with mail_server() as mails:
        yield mails


def make_deliverer(world: World, url: str, *, timeout: float = 60, channel: EmailChannel | None = None) -> Deliverer:
    channel = channel or EmailChannel(read_smtp_url(url), FROM, system_clock, timeout=timeout)
    composer = Composer(BASE, bytes(32), Pictures(world.store))
    return Deliverer(world.pool, world.store, {"EMAIL": channel}, composer, webhook_key=bytes(32))


@pytest.fixture
def deliverer(world: World, server: MailServer) -> Deliverer:
    return make_deliverer(world, server.url)


async def alert(world: World, n: int = 1, *, old: int | None = 1599) -> list[int]:
    """Alerts of that many new people; to `person-1@example.org` and so on."""
    subscriptions = await world.subscribe_many([1300] * n)
    return await world.decide(change(old, 1299), *subscriptions)


async def later(world: World, wait: timedelta) -> None:
    """Let time pass for all alerts."""
    await world.pool.execute(
        "update alerts set decided_at = decided_at - $1::interval, queued_at = queued_at - $1::interval, "
        "next_attempt_at = next_attempt_at - $1::interval, sending_until = sending_until - $1::interval",
        wait,
    )


async def overdue(world: World) -> list[int]:
    async with transaction(world.pool) as connection:
        return await waiting.overdue(connection, 100)


async def test_each_readers_chart_is_in_their_language_and_drawn_once(world: World, server: MailServer) -> None:
    await world.see(1299, T0)
    alerts = await alert(world, 3)
    await world.pool.execute(
        "insert into preferences (person_id, locale) select s.person_id, 'de-AT' from alerts a "
        "join subscriptions s on s.id = a.subscription_id where a.id = any($1::bigint[])",
        alerts[:2],
    )
    pictures = NotedPictures(world.store)
    channel = EmailChannel(read_smtp_url(server.url), FROM, system_clock)
    composer = Composer(BASE, bytes(32), pictures, charts_time=60)
    assert (
        await Deliverer(
            world.pool, world.store, {"EMAIL": channel}, composer, webhook_key=bytes(32), clock=lambda: T0
        ).deliver(alerts)
        == 3
    )
    assert sorted(asked.language for asked in pictures.asked) == ["de", "en"]


async def test_an_alert_becomes_a_mail_and_is_said_so(
    world: World, server: MailServer, deliverer: Deliverer, capsys: pytest.CaptureFixture[str]
) -> None:
    (alert_id,) = await alert(world)
    assert await deliverer.deliver([alert_id]) == 1
    (mail,) = server.mails
    assert mail["To"] == "person-1@example.org"
    assert mail["Subject"] == "A kettle: $12.99 (was $15.99)"
    assert mail["Message-ID"] == f"<alert-{alert_id}@pennywren.example.org>"
    assert [row["state"] for row in await world.alerts()] == ["delivered"]
    assert await world.attempts() == [("delivered", None)]
    assert capsys.readouterr().out == "mailed    us:B08N5WRWNW 12.99 USD (was 15.99)\n"


async def test_where_there_was_no_price_before_none_is_named(
    world: World, server: MailServer, deliverer: Deliverer, capsys: pytest.CaptureFixture[str]
) -> None:
    await deliverer.deliver(await alert(world, old=None))
    assert server.mails[0]["Subject"] == "A kettle: $12.99"
    assert capsys.readouterr().out == "mailed    us:B08N5WRWNW 12.99 USD\n"


async def test_the_mail_names_the_lowest_price_that_we_know(
    world: World, server: MailServer, deliverer: Deliverer
) -> None:
    await world.see(1150, T0 - 3_000)
    await world.see(1599, T0 - 2_000)
    await deliverer.deliver(await alert(world))
    body = server.mails[0].get_body(("plain",))
    assert body is not None
    assert "The lowest price since 24 November 2025 was $11.50, on 24 November 2025." in body.get_content()


async def test_a_mail_that_follows_no_change_says_when_the_price_was_seen_last(
    world: World, server: MailServer, deliverer: Deliverer
) -> None:
    await world.see(1299, T0 - 26 * 3_600_000)
    subscription = await world.subscribe(1300, expires_at=to_moment(T0 + 1))
    async with transaction(world.pool) as connection:
        met = await alerts.decide_created(connection, subscription, PRODUCT, Offer.BUYBOX, 1299, "USD", T0)
        ends = await alerts.decide_expiry(connection, subscription, T0 + 1, 1299, T0)
    assert met is not None
    assert ends is not None
    await deliverer.deliver([met, ends])
    for mail in server.mails:
        body = mail.get_body(("plain",))
        assert body is not None
        assert "Seen 23 November 2025, 14:00 UTC." in body.get_content()
    assert len(server.mails) == 2


async def test_delivering_twice_sends_once(world: World, server: MailServer, deliverer: Deliverer) -> None:
    alert_ids = await alert(world)
    assert await deliverer.deliver(alert_ids) == 1
    assert await deliverer.deliver(alert_ids) == 0
    assert len(server.mails) == 1


async def test_two_jobs_at_once_send_each_alert_once_over_one_connection_a_batch(
    world: World, server: MailServer
) -> None:
    alert_ids = await alert(world, 40)
    taken = await asyncio.gather(*(make_deliverer(world, server.url).deliver(alert_ids) for _ in range(3)))
    assert sum(taken) == 40
    assert len({mail["Message-ID"] for mail in server.mails}) == len(server.mails) == 40
    assert server.connections <= 3  # at most one a job, kept from batch to batch


async def test_what_a_job_was_killed_with_is_sent_by_another_when_its_claim_ends(
    world: World, server: MailServer, deliverer: Deliverer
) -> None:
    alert_ids = await alert(world)
    async with transaction(world.pool) as connection:
        await deliveries.claim(connection, alert_ids, 10, LEASE)  # and dies
    assert await deliverer.deliver(alert_ids) == 0
    assert await overdue(world) == []
    await later(world, LEASE)
    assert await overdue(world) == alert_ids
    assert await deliverer.deliver(alert_ids) == 1


async def test_a_job_that_outlived_its_claim_does_not_overwrite_what_came_after(
    world: World, deliverer: Deliverer
) -> None:
    alert_ids = await alert(world)
    async with transaction(world.pool) as connection:
        (slow,) = await deliveries.claim(connection, alert_ids, 10, LEASE)
    await later(world, LEASE)
    await deliverer.deliver(alert_ids)
    async with transaction(world.pool) as connection:
        await deliveries.settle(connection, [slow], "failed")
    assert [row["state"] for row in await world.alerts()] == ["delivered"]


@pytest.mark.parametrize("says", ["451 later", "421 busy"])
async def test_a_temporary_answer_is_tried_again_with_the_same_message_id(
    world: World, server: MailServer, deliverer: Deliverer, says: str
) -> None:
    (alert_id,) = await alert(world)
    server.data["person-1@example.org"] = says
    assert await deliverer.deliver([alert_id]) == 0
    assert await world.attempts() == [("retry", f"the mail server said {says[:3]}")]
    server.data.clear()
    assert await deliverer.deliver([alert_id]) == 0  # not yet
    await later(world, timedelta(seconds=30))
    assert await overdue(world) == [alert_id]
    assert await deliverer.deliver([alert_id]) == 1
    assert server.mails[0]["Message-ID"] == f"<alert-{alert_id}@pennywren.example.org>"
    assert [outcome for outcome, _ in await world.attempts()] == ["retry", "delivered"]


@pytest.mark.parametrize("stage", ["rcpt", "data"])
async def test_a_refusal_is_permanent_and_does_not_stop_the_others(
    world: World, server: MailServer, deliverer: Deliverer, stage: str
) -> None:
    alert_ids = await alert(world, 3)
    getattr(server, stage)["person-2@example.org"] = "550 no such person-2@example.org"
    assert await deliverer.deliver(alert_ids) == 2
    assert [row["state"] for row in await world.alerts()] == ["delivered", "failed", "delivered"]
    assert ("failed", "the mail server said 550") in await world.attempts()
    await later(world, timedelta(days=1))
    assert await overdue(world) == []


async def test_a_server_that_does_not_answer_is_tried_again_and_stops_the_job(world: World, server: MailServer) -> None:
    alert_ids = await alert(world, 12)
    server.hang |= {f"person-{n}@example.org" for n in range(1, 13)}
    assert await make_deliverer(world, server.url, timeout=0.1).deliver(alert_ids) == 0
    reasons = [reason for _, reason in await world.attempts()]
    assert reasons == ["the mail server did not answer in time"] + 9 * [
        "not tried: the mail server did not answer in time"
    ]
    assert server.connections == 1
    assert [row["state"] for row in await world.alerts()] == ["decided"] * 12


async def test_a_server_that_is_not_there_is_tried_again(world: World) -> None:
    alert_ids = await alert(world)
    assert await make_deliverer(world, "smtp://127.0.0.1:1").deliver(alert_ids) == 0
    assert [outcome for outcome, _ in await world.attempts()] == ["retry"]


async def test_an_alert_of_yesterday_is_given_up(world: World) -> None:
    alert_ids = await alert(world)
    await world.pool.execute("update alerts set due_since = now() - $1::interval", deliveries.GIVE_UP_AFTER)
    await make_deliverer(world, "smtp://127.0.0.1:1").deliver(alert_ids)
    assert [row["state"] for row in await world.alerts()] == ["failed"]
    assert [outcome for outcome, _ in await world.attempts()] == ["failed"]


async def test_whoever_left_is_not_mailed(world: World, server: MailServer, deliverer: Deliverer) -> None:
    alert_ids = await alert(world, 3)
    await world.pool.execute("delete from people where email = 'person-1@example.org'")
    await world.pool.execute(
        "delete from subscriptions s using people p where p.id = s.person_id and p.email = 'person-2@example.org'"
    )
    await world.pool.execute("update subscriptions set state = 'paused'")
    assert await deliverer.deliver(alert_ids) == 0
    assert server.mails == []
    assert await world.attempts() == [("failed", "paused")]


async def test_where_the_wanted_channel_is_not_there_a_mail_goes(
    world: World, server: MailServer, deliverer: Deliverer
) -> None:
    subscription = await world.subscribe(1300, kind="SMS")
    assert await deliverer.deliver(await world.decide(change(1599, 1299), subscription)) == 1
    assert len(server.mails) == 1


async def test_where_no_channel_is_left_it_is_said_so(world: World, server: MailServer, deliverer: Deliverer) -> None:
    server.rcpt["person-1@example.org"] = "550 5.1.1 no such user"
    assert await deliverer.deliver(await alert(world)) == 0
    subscription = await world.pool.fetchval("select id from subscriptions")
    assert await deliverer.deliver(await world.decide(change(1599, 1199, T0 + 1), subscription)) == 0
    assert await world.attempts() == [
        ("failed", "the mail server said 550"),
        ("failed", "suppressed"),
    ]
    rows = await world.pool.fetch("select reason from decisions order by decided_at")
    assert [row["reason"] for row in rows] == ["failed", "suppressed"]
    day, _ = await last_day_and_month(world.store.client, system_clock())
    assert (day.count, day.missed) == (0, 2)


async def test_an_address_that_cannot_be_mailed_is_permanent(
    world: World, server: MailServer, deliverer: Deliverer
) -> None:
    alert_ids = await alert(world, 2)
    await world.pool.execute("update people set email = 'no one' where email = 'person-1@example.org'")
    assert await deliverer.deliver(alert_ids) == 1
    assert [row["state"] for row in await world.alerts()] == ["failed", "delivered"]


async def test_a_mail_goes_also_while_redis_is_down(world: World, server: MailServer) -> None:
    nowhere = connect("redis://127.0.0.1:1/0")
    without = World(world.pool, Store(nowhere, nowhere))
    assert await make_deliverer(without, server.url).deliver(await alert(world)) == 1
    await nowhere.aclose()


async def test_a_batch_that_takes_too_long_leaves_the_rest_for_later(world: World, server: MailServer) -> None:
    seconds = iter(range(0, 1_000, 100))
    channel = EmailChannel(read_smtp_url(server.url), FROM, system_clock, stopwatch=lambda: next(seconds))
    alert_ids = await alert(world, 3)
    assert await make_deliverer(world, server.url, channel=channel).deliver(alert_ids) == 0
    assert {reason for _, reason in await world.attempts()} == {"the mail server is too slow"}


async def test_told_to_end_it_sends_what_is_under_way_and_says_what_it_leaves(world: World, server: MailServer) -> None:
    channel = EmailChannel(read_smtp_url(server.url), FROM, system_clock)
    composer = Composer(BASE, bytes(32), Pictures(world.store))
    deliverer = Deliverer(world.pool, world.store, {"EMAIL": channel}, composer, webhook_key=bytes(32), at_once=1)
    first, *others = await alert(world, 3)
    server.hang.add("person-1@example.org")
    sending = asyncio.create_task(deliverer.deliver([first, *others]))
    await server.is_hanging.wait()
    deliverer.stop()
    server.go_on()
    assert await sending == 1
    assert [mail["To"] for mail in server.mails] == ["person-1@example.org"]
    assert deliverer.left == others


async def test_several_connections_share_a_batch_and_stay_open(world: World, server: MailServer) -> None:
    channel = EmailChannel(read_smtp_url(server.url), FROM, system_clock, connections=4)
    alert_ids = await alert(world, 40)
    assert await make_deliverer(world, server.url, channel=channel).deliver(alert_ids) == 40
    assert server.connections == 4
    assert len({mail["Message-ID"] for mail in server.mails}) == len(server.mails) == 40
    await channel.aclose()


async def test_a_connection_that_is_cut_costs_one_attempt_and_the_next_mail_opens_another(
    world: World, server: MailServer, deliverer: Deliverer
) -> None:
    alert_ids = await alert(world, 5)
    server.cut.add("person-3@example.org")
    assert await deliverer.deliver(alert_ids) == 4
    assert [row["state"] for row in await world.alerts()] == ["delivered", "delivered", "decided", *2 * ["delivered"]]
    assert server.connections == 2


async def test_no_address_is_in_the_log(
    world: World, server: MailServer, deliverer: Deliverer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="pennywren")
    server.rcpt["person-1@example.org"] = "550 person-1@example.org is unknown"
    await deliverer.deliver(await alert(world, 2))
    assert "550" in caplog.text
    assert "example.org" not in caplog.text


async def test_a_job_of_this_installation_sends(world: World, server: MailServer, settings: Settings) -> None:
    (alert_id,) = await alert(world)
    installed = Settings(
        redis_url=settings.redis_url,
        postgres_url=settings.postgres_url,
        smtp_url=server.url,
        public_url=BASE,
    )
    async with open_deliverer(installed) as deliverer:
        assert await deliverer.deliver([alert_id]) == 1
    assert server.mails[0]["List-Unsubscribe"].startswith(f"<{BASE}/unsubscribe/")

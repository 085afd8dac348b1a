"""From a queued alert to a person's phone, browser or program, each played by a peer in the test's own loop."""

import json
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from urllib.parse import parse_qs

import http_ece
import msgspec
import pytest

from pennywren.accounts import phones, preferences, push_subscriptions, webhooks
from pennywren.history.picture import Pictures
from pennywren.model.clock import DAY, HOUR, MINUTE, system_clock
from pennywren.notify import suppressed
from pennywren.notify.channels.webhook.signing import derive_secret, verify
from pennywren.pipeline.channels import open_channels
from pennywren.pipeline.composing import Composer
from pennywren.pipeline.delivering import Deliverer
from pennywren.postgres.pool import transaction
from pennywren.settings import Settings
from tests.postgres.notify.httppeer import HttpPeer, http_peer
from tests.postgres.notify.mailserver import MailServer, mail_server
from tests.postgres.notify.world import T0, World, change
from tests.unit.notify.test_signing import browser

BASE = "https://pennywren.example.org"
KEY = bytes(32)
NUMBER = "+436601234567"


@dataclass
class Told:
    """Who may be told, and everything that they could be told with."""

    world: World
    peer: HttpPeer
    mails: MailServer
    deliverer: Deliverer
    person: int

    async def alert(self, kind: str, at: int = T0) -> int:
        """An alert of the person's subscription of this kind."""
        subscription = await self.world.pool.fetchval(
            "select id from subscriptions where person_id = $1 and notification_type = $2", self.person, kind
        )
        if subscription is None:
            subscription = await self.world.subscribe(1300, kind=kind, person_id=self.person)
        (alert_id,) = await self.world.decide(change(1599, 1299 - (at - T0), at), subscription)
        return alert_id

    async def states(self) -> list[str]:
        return [row["state"] for row in await self.world.alerts()]

    async def later(self) -> None:
        """Let what waits for another attempt be due."""
        await self.world.pool.execute("update alerts set next_attempt_at = now() where next_attempt_at is not null")

    async def add_phone(self, number: str = NUMBER) -> None:
        async with transaction(self.world.pool) as connection:
            phone, code = await phones.add(connection, self.person, number, system_clock())
            assert await phones.confirm(connection, self.person, phone.id, code, system_clock())

    async def add_webhook(self, path: str = "/hook") -> int:
        async with transaction(self.world.pool) as connection:
            return (await webhooks.add(connection, self.person, self.peer.url + path)).id


@pytest.fixture
async def told(world: World) -> AsyncIterator[Told]:
    async with AsyncExitStack() as stack:
        peer = await stack.enter_async_context(http_peer())
        mails = await stack.enter_async_context(mail_server())
        settings = Settings(
            smtp_url=mails.url,
            mail_from="alerts@example.org",
            bounce_domain="bounces.example.org",
            sms_gateway_url=f"{peer.url}/sms",
            sms_gateway_authorization="Bearer key",
            sms_gateway_body="To={to}&Body={text}&Ref={id}",
            sms_hook_secret="x",
            push_hosts=(peer.url,),
            webhook_networks=("127.0.0.0/8",),
        )
        channels = await stack.enter_async_context(open_channels(settings, world.pool))
        deliverer = Deliverer(
            world.pool,
            world.store,
            channels.by_type(),
            Composer(BASE, KEY, Pictures(world.store)),
            webhook_key=KEY,
        )
        person = await world.pool.fetchval("insert into people (email) values ('ann@example.org') returning id")
        yield Told(world, peer, mails, deliverer, person)


async def test_a_webhook_gets_the_alert_signed_and_with_its_idempotency_key(told: Told) -> None:
    hook = await told.add_webhook()
    alert_id = await told.alert("WEBHOOK")
    assert await told.deliverer.deliver([alert_id]) == 1
    (came,) = told.peer.received
    assert came.headers["idempotency-key"] == came.headers["webhook-id"] == f"alert-{alert_id}"
    seconds, header = int(came.headers["webhook-timestamp"]), came.headers["webhook-signature"]
    assert verify(derive_secret(KEY, hook, 1), f"alert-{alert_id}", seconds, came.body, header)
    (alert,) = json.loads(came.body)["alerts"]
    assert (alert["price"], alert["oldPrice"], alert["currency"]) == (1299, 1599, "USD")
    assert alert["productID"] == "us:B08N5WRWNW"
    assert await told.states() == ["delivered"]
    assert told.mails.mails == []


async def test_while_its_key_is_rotated_a_webhook_is_signed_with_both(told: Told) -> None:
    hook = await told.add_webhook()
    async with transaction(told.world.pool) as connection:
        await webhooks.rotate(connection, told.person, hook, system_clock())
    await told.deliverer.deliver([await told.alert("WEBHOOK")])
    (came,) = told.peer.received
    for number in (1, 2):
        secret, seconds = derive_secret(KEY, hook, number), int(came.headers["webhook-timestamp"])
        assert verify(secret, came.headers["webhook-id"], seconds, came.body, came.headers["webhook-signature"])
    async with transaction(told.world.pool) as connection:
        found = await webhooks.get(connection, told.person, hook)
    assert found.key_numbers(system_clock() + 2 * DAY) == (2,)


async def test_rotated_twice_in_a_day_no_key_ends_early(told: Told) -> None:
    hook, now = await told.add_webhook(), system_clock()
    async with transaction(told.world.pool) as connection:
        await webhooks.rotate(connection, told.person, hook, now)
        found = await webhooks.rotate(connection, told.person, hook, now + 10 * HOUR)
        signing = [found.key_numbers(now + hours * HOUR) for hours in (10, 23, 25, 35)]
        for minute in range(9):
            found = await webhooks.rotate(connection, told.person, hook, now + 10 * HOUR + minute * MINUTE)

    assert signing == [(3, 2, 1), (3, 2, 1), (3, 2), (3,)]
    assert found.key_numbers(now + 11 * HOUR) == (12, 11, 10, 9, 8)


async def test_of_two_webhooks_only_the_one_that_failed_is_sent_again(told: Told) -> None:
    await told.add_webhook("/one")
    await told.add_webhook("/two")
    alert_id = await told.alert("WEBHOOK")
    told.peer.say(200)
    told.peer.say(503)
    assert await told.deliverer.deliver([alert_id]) == 0
    assert await told.states() == ["decided"]
    failed = [came.path for came in told.peer.received]
    assert sorted(failed) == ["/one", "/two"]
    await told.later()
    assert await told.deliverer.deliver([alert_id]) == 1
    assert await told.states() == ["delivered"]
    assert len(told.peer.received) == 3


async def test_a_webhook_that_is_gone_is_ended_and_a_mail_goes_instead(told: Told) -> None:
    hook = await told.add_webhook()
    told.peer.say(410)
    assert await told.deliverer.deliver([await told.alert("WEBHOOK")]) == 1
    assert [mail["To"] for mail in told.mails.mails] == ["ann@example.org"]
    async with transaction(told.world.pool) as connection:
        assert (await webhooks.get(connection, told.person, hook)).ended_at is not None
    assert await told.deliverer.deliver([await told.alert("WEBHOOK", T0 + 1)]) == 1
    assert len(told.peer.received) == 1


async def test_a_pause_that_a_receiver_asks_for_is_kept(told: Told) -> None:
    await told.add_webhook()
    told.peer.say(429, "Retry-After: 900")
    await told.deliverer.deliver([await told.alert("WEBHOOK")])
    wait = await told.world.pool.fetchval("select extract(epoch from next_attempt_at - now()) from alerts")
    assert 850 < wait <= 900


async def test_a_browser_shows_the_alert_and_one_that_is_gone_is_forgotten(told: Told) -> None:
    private, p256dh, auth = browser()
    async with transaction(told.world.pool) as connection:
        await push_subscriptions.add(connection, told.person, f"{told.peer.url}/push/1", p256dh, auth, None)
    assert await told.deliverer.deliver([await told.alert("PUSH")]) == 1
    (came,) = told.peer.received
    assert came.headers["content-encoding"] == "aes128gcm"
    assert came.headers["authorization"].startswith("vapid t=")
    assert int(came.headers["ttl"]) > 0
    shown = msgspec.json.decode(http_ece.decrypt(came.body, private_key=private, auth_secret=b"a" * 16))
    assert shown["title"] == "A kettle"
    told.peer.say(410)
    assert await told.deliverer.deliver([await told.alert("PUSH", T0 + 1)]) == 1
    assert await told.world.pool.fetchval("select count(*) from push_subscriptions") == 0
    assert len(told.mails.mails) == 1


async def test_a_short_message_goes_through_the_gateway(told: Told) -> None:
    await told.add_phone()
    alert_id = await told.alert("SMS")
    assert await told.deliverer.deliver([alert_id]) == 1
    (came,) = told.peer.received
    form = parse_qs(came.body.decode())
    assert form["To"] == [NUMBER]
    assert form["Body"][0].startswith("A kettle: $12.99 (was $15.99) https://")
    assert form["Ref"] == [f"alert-{alert_id}"]
    assert came.headers["authorization"] == "Bearer key"


async def test_who_said_stop_gets_a_mail_instead(told: Told) -> None:
    await told.add_phone()
    async with transaction(told.world.pool) as connection:
        await suppressed.suppress(connection, "sms", NUMBER, "stopped")
    assert await told.deliverer.deliver([await told.alert("SMS")]) == 1
    assert told.peer.received == []
    assert len(told.mails.mails) == 1


async def test_what_may_be_spent_ends_with_a_mail(told: Told) -> None:
    """80 a person and day, 8 a message."""
    await told.add_phone()
    for i in range(11):
        assert await told.deliverer.deliver([await told.alert("SMS", T0 + i)]) == 1
    assert len(told.peer.received) == 10
    assert len(told.mails.mails) == 1
    assert await told.world.pool.fetchval("select spent from sms_spend where who = 'all'") == 80
    assert "spendCap" in [row["reason"] for row in await told.world.pool.fetch("select reason from decisions")]


async def test_a_gateway_that_minds_us_is_tried_again_and_then_a_mail_goes(told: Told) -> None:
    await told.add_phone()
    alert_id = await told.alert("SMS")
    for _ in range(3):
        told.peer.say(401)
        assert await told.deliverer.deliver([alert_id]) == 0
        await told.later()
    assert await told.deliverer.deliver([alert_id]) == 1
    assert (len(told.peer.received), len(told.mails.mails)) == (3, 1)


async def test_the_preferred_channels_are_taken_in_their_order(told: Told) -> None:
    await told.add_phone()
    await told.add_webhook()
    async with transaction(told.world.pool) as connection:
        await preferences.change(connection, told.person, {"channels": ("PUSH", "WEBHOOK", "SMS")})
    told.peer.say(403)
    assert await told.deliverer.deliver([await told.alert("PREFERRED")]) == 1
    assert [came.path for came in told.peer.received] == ["/hook", "/sms"]


async def test_a_hostile_title_is_only_text_over_every_channel(told: Told) -> None:
    private, p256dh, auth = browser()
    await told.add_phone()
    await told.add_webhook()
    async with transaction(told.world.pool) as connection:
        await push_subscriptions.add(connection, told.person, f"{told.peer.url}/push/1", p256dh, auth, None)
    alerts = [await told.alert(kind) for kind in ("EMAIL", "SMS", "PUSH", "WEBHOOK")]
    title = "\u202egnp<img src=x>&To=+1\r\nBcc: eve@example.org\r\n\r\n" + 10_000_000 * "k"
    await told.world.pool.execute("update products set title = $1", title)
    assert await told.deliverer.deliver(alerts) == 4

    (mail,) = told.mails.mails
    assert mail["Bcc"] is None
    assert mail["Subject"].startswith("gnp<img src=x>&To=+1 Bcc: eve@example.org kkk")
    assert mail["Subject"].endswith("k…: $12.99 (was $15.99)")
    came = {each.path: each for each in told.peer.received}
    form = parse_qs(came["/sms"].body.decode())
    assert form["To"] == [NUMBER]
    assert form["Body"][0].startswith("gnp<img src=x>&To=+1 Bcc: eve@example.org kkk")
    shown = msgspec.json.decode(http_ece.decrypt(came["/push/1"].body, private_key=private, auth_secret=b"a" * 16))
    (item,) = json.loads(came["/hook"].body)["alerts"]
    for text in (shown["title"], item["name"]):
        assert text.startswith("gnp<img src=x>&To=+1 Bcc: eve@example.org kkk")
        assert len(text) <= 300


async def test_a_bounce_would_say_which_mail_came_back(told: Told) -> None:
    alert_id = await told.alert("EMAIL")
    await told.deliverer.deliver([alert_id])
    (sender,) = told.mails.senders
    assert sender.startswith(f"bounces+alert-{alert_id}.")
    assert sender.endswith("@bounces.example.org")


async def test_no_number_no_endpoint_and_no_hook_is_in_the_log(told: Told, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="pennywren")
    await told.add_phone()
    await told.add_webhook("/secret-path")
    for kind in ("SMS", "WEBHOOK"):
        told.peer.say(500)
        await told.deliverer.deliver([await told.alert(kind)])
    assert "500" in caplog.text
    for word in (NUMBER, "secret-path", "ann@"):
        assert word not in caplog.text

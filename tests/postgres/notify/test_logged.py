"""One alert can be followed through all stages by its number, in the lines that processes log."""

import io
import json
import logging
from collections.abc import Iterator
from datetime import timedelta

import pytest

from pennywren.history.picture import Pictures
from pennywren.logs import JsonLines
from pennywren.model.clock import system_clock
from pennywren.notify.channels.email.smtp import EmailChannel, read_smtp_url
from pennywren.pipeline.composing import Composer
from pennywren.pipeline.delivering import Deliverer
from pennywren.pipeline.matching import Matcher
from pennywren.workqueue import WorkQueue
from tests.postgres.notify.mailserver import mail_server
from tests.postgres.notify.world import T0, World


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What our loggers write as JSON, from `info` on."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(JsonLines())
    ours = logging.getLogger("pennywren")
    before = ours.level
    ours.addHandler(handler)
    ours.setLevel(logging.INFO)
    yield written
    ours.removeHandler(handler)
    ours.setLevel(before)


async def test_an_alert_has_one_number_from_its_decision_to_its_mail(
    world: World, queue_url: str, lines: io.StringIO
) -> None:
    held, sent = await world.subscribe_many([1300, 1300])
    await world.pool.execute(
        "insert into preferences (person_id, digest) select person_id, 'daily' from subscriptions where id = $1", held
    )
    queue = WorkQueue(queue_url)
    matcher = Matcher(world.store, world.pool, queue, system_clock, cooldown=timedelta(hours=6))
    await world.see(1599, T0 + 1)
    await world.see(1299, T0 + 2)
    while await matcher.step(0.01):
        pass
    queue.close()
    numbers = {row["subscription_id"]: row["id"] for row in await world.alerts()}
    async with mail_server() as server:
        channel = EmailChannel(read_smtp_url(server.url), "alerts@example.org", system_clock)
        composer = Composer("https://pennywren.example.org", bytes(32), Pictures(world.store))
        deliverer = Deliverer(world.pool, world.store, {"EMAIL": channel}, composer, webhook_key=bytes(32))
        assert await deliverer.deliver([*numbers.values()]) == 1

    def told(subscription: int) -> list[str]:
        found = [json.loads(line) for line in lines.getvalue().splitlines()]
        return [line["message"] for line in found if line.get("alert") == str(numbers[subscription])]

    decided, queued, claimed, taken = told(sent)
    assert decided == f"decided about the change us:B08N5WRWNW/buybox/{T0 + 2}/1299"
    assert queued.startswith("queued in deliver-")
    assert claimed == "claimed"
    assert taken == f"alert-{numbers[sent]} was taken by email"
    assert told(held)[2:] == ["claimed", "not sent now: digest"]
    assert "@" not in lines.getvalue()

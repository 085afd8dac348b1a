"""Who wanted to know, decided once, told once."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from pennywren.accounts.people import find_or_add
from pennywren.accounts.subscriptions import NotificationType
from pennywren.local.mailbox import serve
from pennywren.local.maildir import read_mails
from pennywren.local.ports import free_port
from pennywren.model.observation import Look
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.rule import PriceAtOrBelow
from pennywren.pipeline.channels import open_deliverer
from pennywren.pipeline.matching import open_matcher
from pennywren.pipeline.subscribing import Subscribing
from pennywren.postgres.pool import Pool, transaction
from pennywren.record.recording import LookToRecord, Recorder
from pennywren.settings import Settings
from pennywren.store.store import Store
from pennywren.workqueue import WorkQueue

KETTLE = ProductID("us", "B08N5WRWNW")


@pytest.fixture
async def with_mailbox(settings: Settings, tmp_path: Path) -> AsyncIterator[Settings]:
    port, folder = free_port(), tmp_path / "mailbox"
    serving = asyncio.create_task(serve(port, folder))
    yield msgspec.structs.replace(settings, smtp_url=f"smtp://127.0.0.1:{port}", mailbox_dir=folder)
    serving.cancel()


async def test_a_drop_reaches_a_mailbox(with_mailbox: Settings, store: Store, pool: Pool, queue_url: str) -> None:
    recorder = Recorder(store, gap_after=7 * 86_400)

    async def our_crawl_sees(price: int) -> None:
        await recorder.record([LookToRecord(Look(KETTLE, "USD", {Offer.BUYBOX: price}))])

    # Wanda wants to know when the kettle costs 13.50 or less. It costs 15.99.
    await our_crawl_sees(1599)
    async with transaction(pool) as connection:
        wanda = await find_or_add(connection, "wanda@example.com")
    queue = WorkQueue(queue_url)
    subscribed = await Subscribing(pool, store, queue, with_mailbox).subscribe(
        wanda.id, KETTLE, Offer.BUYBOX, PriceAtOrBelow(1350), NotificationType.EMAIL
    )
    queue.close()
    assert not subscribed.already_met

    # It falls, wiggles below her threshold, and rises again: that crosses her threshold once.
    for price in (1299, 1310, 1299, 1599):
        await our_crawl_sees(price)
    async with open_matcher(with_mailbox) as matcher:
        while await matcher.step(wait=0.1):
            pass

    # PostgreSQL decided once; a job carries the alert to her mailbox. Running it twice sends nothing twice.
    alerts = [row["id"] for row in await pool.fetch("select id from alerts")]
    assert len(alerts) == 1
    async with open_deliverer(with_mailbox) as deliverer:
        await deliverer.deliver(alerts)
        await deliverer.deliver(alerts)

    assert with_mailbox.mailbox_dir is not None
    (mail,) = read_mails(with_mailbox.mailbox_dir)
    assert mail["to"] == "wanda@example.com"
    assert "12.99" in mail["subject"]
    assert "15.99" in mail["subject"]
    assert mail["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"

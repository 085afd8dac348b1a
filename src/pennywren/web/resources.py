"""What the handlers work with: opened with the application, closed with it."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from litestar.connection import ASGIConnection

from pennywren.accounts.links import UNSUBSCRIBE_KEY
from pennywren.history.picture import Pictures
from pennywren.history.reading import HistoryReader
from pennywren.history.service import HistoryService
from pennywren.match.live import LiveChanges
from pennywren.model.clock import SECOND, Clock
from pennywren.notify.return_path import RETURN_KEY
from pennywren.pipeline.bounces import Bounces
from pennywren.pipeline.channels import WEBHOOK_KEY, Channels, open_channels
from pennywren.pipeline.explaining import Explainer
from pennywren.pipeline.metrics import Sources
from pennywren.pipeline.pairing import PairingBrowsers
from pennywren.pipeline.phone_codes import PhoneCodes
from pennywren.pipeline.product_images import ProductImages
from pennywren.pipeline.reporting import Reporting
from pennywren.pipeline.signing_in import SigningIn
from pennywren.pipeline.subscribing import Subscribing
from pennywren.pipeline.warming import Viewers
from pennywren.pipeline.watching_by_mail import WatchingByMail
from pennywren.postgres.pool import Pool, open_pool
from pennywren.postgres.secrets import get_or_create
from pennywren.settings import Settings
from pennywren.store.connect import HURRIED, Client, connect, is_cluster, require_time_series
from pennywren.store.store import Store
from pennywren.trust.asns import load_asns
from pennywren.trust.networks import NETWORK_KEY
from pennywren.web.rendering.home_board import HomeBoard
from pennywren.web.rendering.live_pages import LivePages
from pennywren.web.rendering.metrics_board import MetricsBoard
from pennywren.web.rendering.status_board import StatusBoard
from pennywren.workqueue import WorkQueue


@dataclass(frozen=True, slots=True)
class Resources:
    """Connections, and the services that are built on them."""

    settings: Settings
    clock: Clock
    client: Client
    pool: Pool
    store: Store
    queue: WorkQueue
    history: HistoryService
    viewers: Viewers
    pictures: Pictures
    images: ProductImages
    subscribing: Subscribing
    explainer: Explainer
    signing_in: SigningIn
    watching_by_mail: WatchingByMail
    pairing: PairingBrowsers
    reporting: Reporting
    home: HomeBoard
    status: StatusBoard
    metrics: MetricsBoard
    channels: Channels
    phone_codes: PhoneCodes
    bounces: Bounces
    live_client: Client
    """One connection that all open pages share, however many they are."""
    live: LiveChanges
    live_pages: LivePages
    unsubscribe_key: bytes
    webhook_key: bytes


@asynccontextmanager
async def open_resources(settings: Settings, clock: Clock) -> AsyncGenerator[Resources]:
    """Connect to what the settings name.

    Raises:
        MissingPart: Redis has no TimeSeries.
        Unavailable: Redis or PostgreSQL does not answer.
    """
    url = settings.redis_url or ""
    client, bytes_client = connect(url, patience=HURRIED), connect(url, decode=False, patience=HURRIED)
    await require_time_series(client)
    pool = await open_pool(settings.postgres_url or "")
    queue = WorkQueue(settings.queue_url or "")
    store = Store(client, bytes_client)
    subscribing = Subscribing(pool, store, queue, settings)
    signing_in = SigningIn(pool, client, settings, clock)
    watching = WatchingByMail(pool, signing_in, subscribing, clock)
    live_client, live_bytes = connect(url, max_connections=1), connect(url, max_connections=1, decode=False)
    live = LiveChanges(live_client, clock)
    reading = asyncio.create_task(live.run())
    asns, network_key = load_asns(settings.asn_file), await get_or_create(pool, NETWORK_KEY)
    viewers = Viewers(store, clock)
    reporting = Reporting(store, pool, settings, clock, network_key, asns)
    try:
        async with (
            open_channels(settings, pool, clock) as channels,
            ProductImages(settings, client) as images,
            _open_standby(settings, clock) as standby,
            aclosing(
                HistoryService(
                    store,
                    HistoryReader(store, settings, clock),
                    standby,
                    viewers,
                    settings.told_within_ms / SECOND,
                )
            ) as history,
        ):
            yield Resources(
                settings=settings,
                clock=clock,
                client=client,
                pool=pool,
                store=store,
                queue=queue,
                history=history,
                viewers=viewers,
                pictures=Pictures(store),
                images=images,
                subscribing=subscribing,
                signing_in=signing_in,
                watching_by_mail=watching,
                pairing=PairingBrowsers(pool, signing_in, watching, clock),
                explainer=Explainer(pool, store, timedelta(seconds=settings.alert_cooldown)),
                reporting=reporting,
                home=HomeBoard(store, pool, clock),
                status=StatusBoard(pool, client, settings, clock),
                metrics=MetricsBoard(Sources(settings, client, pool, queue, clock), clock),
                channels=channels,
                phone_codes=PhoneCodes(pool, client, channels.sms, clock),
                bounces=Bounces(pool, await get_or_create(pool, RETURN_KEY), clock),
                live_client=live_client,
                live=live,
                live_pages=LivePages(Store(live_client, live_bytes), clock),
                unsubscribe_key=await get_or_create(pool, UNSUBSCRIBE_KEY),
                webhook_key=await get_or_create(pool, WEBHOOK_KEY),
            )
    finally:
        live.end()
        await reading
        await reporting.close()
        queue.close()
        await pool.close()
        await live_bytes.aclose()
        await live_client.aclose()
        await bytes_client.aclose()
        await client.aclose()


@asynccontextmanager
async def _open_standby(settings: Settings, clock: Clock) -> AsyncGenerator[tuple[Store, HistoryReader] | None]:
    """What reads the replicas of a cluster; None where prices are kept in one Redis."""
    url = settings.redis_url or ""
    if not is_cluster(url):
        yield None
        return
    clients = [connect(url, decode=decode, patience=HURRIED, standby=True) for decode in (True, False)]
    store = Store(*clients)
    try:
        yield store, HistoryReader(store, settings, clock)
    finally:
        for client in clients:
            await client.aclose()


def resources_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Resources:
    """The resources of the application that a request came to."""
    return cast("Resources", connection.app.state.resources)

"""One trace from the page to the mail, and nothing at all where tracing is off."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import msgspec
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from pennywren import tracing
from pennywren.errors import MissingPart
from pennywren.frontier.admission import Admission, admit_all
from pennywren.local.mailbox import serve
from pennywren.local.ports import free_port
from pennywren.local.shop.goods import HERO
from pennywren.model.clock import system_clock
from pennywren.open_telemetry import OpenTelemetrySpans, root_of
from pennywren.pipeline.channels import open_deliverer
from pennywren.pipeline.matching import Matcher
from pennywren.postgres.pool import Pool
from pennywren.settings import Settings
from pennywren.workqueue import WorkQueue
from tests.postgres.notify.world import World
from tests.redis.crawl.conftest import Stage


@pytest.fixture
def exporter() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    with tracing.taking(OpenTelemetrySpans(SimpleSpanProcessor(exporter), "test")):
        yield exporter


@pytest.fixture
async def mail_url(tmp_path: Path) -> AsyncIterator[str]:
    port = free_port()
    server = asyncio.create_task(serve(port, tmp_path / "mail"))
    yield f"smtp://127.0.0.1:{port}"
    server.cancel()
    with suppress(asyncio.CancelledError):
        await server


def set_price(stage: Stage, price: int) -> None:
    body = json.dumps({"productID": str(HERO.id), "price": price}).encode()
    assert stage.shop.answer("POST", "/_prices", body, "127.0.0.1", "test").status == 200


async def test_one_trace_leads_from_the_page_to_the_mail(
    stage: Stage,
    pool: Pool,
    settings: Settings,
    mail_url: str,
    sources: Callable[[], str],
    exporter: InMemorySpanExporter,
) -> None:
    world, queue = World(pool, stage.store), WorkQueue(settings.queue_url or "")
    set_price(stage, 1599)
    await stage.visit(HERO.id, sources=sources)  # robots.txt
    await stage.visit_due(sources())
    await world.subscribe(1300, HERO.id)
    set_price(stage, 1299)
    await admit_all(stage.store.client, [Admission(HERO.id, urgent=True)])
    await stage.visit_due(sources())
    matcher = Matcher(stage.store, pool, queue, system_clock, cooldown=timedelta(0))
    while await matcher.step(0.01):
        pass
    queue.close()
    (alert,) = await world.alerts()
    async with open_deliverer(msgspec.structs.replace(settings, smtp_url=mail_url)) as deliverer:
        assert await deliverer.deliver([alert["id"]]) == 1

    root = root_of(alert["change_id"])
    spans = {
        span.name: span
        for span in exporter.get_finished_spans()
        if span.context is not None and span.context.trace_id == root.trace_id
    }
    assert list(spans) == ["crawl", "record", "match", "decide", "deliver"]
    crawl = spans.pop("crawl")
    assert crawl.parent is None
    assert crawl.context is not None
    assert {span.parent.span_id for span in spans.values() if span.parent} == {crawl.context.span_id} == {root.span_id}
    began = [span.start_time or 0 for span in (crawl, *spans.values())]
    assert began == sorted(began)
    assert (spans["deliver"].attributes or {})["channel"] == "email"


class Collector(BaseHTTPRequestHandler):
    """Takes what an exporter sends."""

    taken: list[bytes]

    def do_POST(self) -> None:
        self.taken.append(self.rfile.read(int(self.headers["content-length"])))
        self.send_response(200)
        self.end_headers()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


def test_a_collector_gets_the_spans_of_a_process_before_it_ends() -> None:
    handler = type("Handler", (Collector,), {"taken": []})
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        with tracing.tracing(f"http://127.0.0.1:{server.server_port}/v1/traces", "match"):
            tracing.span("match", "us:B000000001/buybox/1/2", 1_000, 2_000, watches=3)
        server.shutdown()
        thread.join()
    (body,) = handler.taken
    (resource,) = ExportTraceServiceRequest.FromString(body).resource_spans
    (span,) = resource.scope_spans[0].spans
    assert (span.name, span.start_time_unix_nano) == ("match", 1_000_000_000)
    assert "pennywren-match" in str(resource.resource)


def test_where_tracing_is_off_nothing_of_it_is_loaded() -> None:
    loaded = (
        "import sys, jobs.crawl, jobs.deliver, pennywren.cli.match; sys.exit('pennywren.open_telemetry' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", loaded], check=False).returncode == 0
    with tracing.tracing(None, "match"):
        assert not tracing.is_on()


def test_where_it_is_not_installed_a_sentence_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pennywren.open_telemetry", None)
    with pytest.raises(MissingPart, match="pip install"), tracing.tracing("http://127.0.0.1:9", "match"):
        pass

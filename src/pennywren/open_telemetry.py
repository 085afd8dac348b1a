"""Spans as OpenTelemetry has them; loaded only where tracing is on (see `tracing`)."""

from hashlib import sha256
from typing import Final

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import IdGenerator, RandomIdGenerator
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context

from pennywren.tracing import ROOT

_NS: Final = 1_000_000
_FLUSH_MS: Final = 5_000


class _Ids(IdGenerator):
    """Random ones, but for the root of a trace, which every process must be able to name."""

    def __init__(self) -> None:
        self._random = RandomIdGenerator()
        self.root: SpanContext | None = None

    def generate_trace_id(self) -> int:
        return self.root.trace_id if self.root else self._random.generate_trace_id()

    def generate_span_id(self) -> int:
        return self.root.span_id if self.root else self._random.generate_span_id()


class OpenTelemetrySpans:
    """Hands spans to a processor."""

    def __init__(self, processor: SpanProcessor, process: str) -> None:
        self._ids = _Ids()
        self._provider = TracerProvider(
            resource=Resource.create({SERVICE_NAME: f"pennywren-{process}"}),
            id_generator=self._ids,
            shutdown_on_exit=False,
        )
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("pennywren")

    def add(self, name: str, change_id: str, began: int, ended: int, facts: dict[str, str | int]) -> None:
        """See `tracing.Spans`."""
        root = root_of(change_id)
        self._ids.root = root if name == ROOT else None
        above = None if name == ROOT else set_span_in_context(NonRecordingSpan(root))
        span = self._tracer.start_span(name, above, attributes={"change": change_id, **facts}, start_time=began * _NS)
        span.end(ended * _NS)

    def close(self) -> None:
        """See `tracing.Spans`."""
        # It returns False where the collector is away, which is no trouble of a job.
        self._provider.force_flush(_FLUSH_MS)
        self._provider.shutdown()


def root_of(change_id: str) -> SpanContext:
    """The ids of a change's trace and of the span that all its others are below."""
    digest = sha256(change_id.encode()).digest()
    trace_id, span_id = int.from_bytes(digest[:16], "big"), int.from_bytes(digest[16:24], "big")
    return SpanContext(trace_id, span_id, is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED))


def to_collector(url: str, process: str) -> OpenTelemetrySpans:
    """Spans that are sent in batches to a collector, such as `http://collector:4318/v1/traces`."""
    return OpenTelemetrySpans(BatchSpanProcessor(OTLPSpanExporter(endpoint=url)), process)

"""What waits for longer than anything should: jobs, alerts, price changes."""

from datetime import UTC, datetime, timedelta

import asyncpg
import httpx
from prometheus_client.parser import text_string_to_metric_families
from redis import Redis
from rq.job import Job
from rq.registry import FailedJobRegistry, StartedJobRegistry
from rq.serializers import JSONSerializer

from pennywren.workqueue import QUEUES

PATIENCE = timedelta(minutes=5)


def jobs(queue_url: str) -> list[str]:
    """Jobs that failed for good, or have run beyond their time."""
    found: list[str] = []
    with Redis.from_url(queue_url) as client:
        for queue in QUEUES:
            failed = FailedJobRegistry(queue, connection=client, serializer=JSONSerializer)
            found += [f"{job} failed" for job in failed.get_job_ids(cleanup=False)]
            started = StartedJobRegistry(queue, connection=client, serializer=JSONSerializer)
            for job in Job.fetch_many(started.get_job_ids(cleanup=False), client, serializer=JSONSerializer):
                if job and job.started_at and job.timeout:
                    until = job.started_at.replace(tzinfo=UTC) + timedelta(seconds=int(job.timeout)) + PATIENCE
                    found += [f"{job.id} runs since {job.started_at}"] if datetime.now(UTC) > until else []
    return found


async def alerts(postgres_url: str) -> int:
    """Alerts that were decided a while ago and are neither told nor given up."""
    connection = await asyncpg.connect(postgres_url)
    try:
        return await connection.fetchval(
            "select count(*) from alerts where state in ('decided', 'sending') and decided_at < now() - $1::interval",
            PATIENCE,
        )
    finally:
        await connection.close()


async def waiting(api: str) -> list[str]:
    """Gauges of waiting that say more than a few minutes."""
    async with httpx.AsyncClient(base_url=api, timeout=30) as client:
        text = (await client.get("/metrics")).text
    names = ("pennywren_changes_waiting_seconds", "pennywren_queue_oldest_seconds", "pennywren_changes_oldest_seconds")
    return [
        f"{sample.name} {sample.labels} is {sample.value:.0f}"
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name in names and sample.value > PATIENCE.total_seconds()
    ]

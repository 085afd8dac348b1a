"""Real servers for the tests: started when the first test asks, one of each for a run, emptied for each test."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import hypothesis
import pytest

from pennywren import keyspace
from pennywren.local.cluster import temporary_cluster
from pennywren.local.postgres import temporary_postgres
from pennywren.local.redis import temporary_redis
from pennywren.postgres.migrate import migrate
from pennywren.postgres.pool import Pool, open_pool
from pennywren.settings import Settings, load_settings
from pennywren.store.connect import Client, connect
from pennywren.store.store import Store

# A busy machine is no bug of what is tried.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


@pytest.fixture(scope="session")
def servers_dir() -> Iterator[Path]:
    """A folder for the servers of this run; not pytest's own, which other users of the machine may not pass through."""
    folder = Path(tempfile.mkdtemp(prefix="pennywren-tests-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


LONG = (
    "tests/browser/test_firefox.py",
    "tests/browser/test_permission.py",
    "tests/cluster/test_failover.py",
    "tests/deploy/test_proxy.py",
    "tests/deploy/test_roles.py",
    "tests/deploy/test_watching.py",
    "tests/web/test_node_away.py",
)
"""Stories that take half a minute or more each: `make long` has them, or who names their file."""


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave the long stories out, except where they are asked for."""
    path = collection_path.relative_to(config.rootpath).as_posix()
    return True if path in LONG and not any(path in arg for arg in config.args) else None


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--cluster` runs the same tests on a Redis Cluster."""
    parser.addoption(
        "--cluster", action="store_true", help="keep prices in a Redis Cluster of three nodes and replicas"
    )


@pytest.fixture(scope="session")
def redis_server(servers_dir: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of the run's Redis with TimeSeries."""
    if request.config.getoption("cluster"):
        with temporary_cluster(servers_dir / "cluster") as cluster:
            yield cluster.url
        return
    with temporary_redis(servers_dir / "redis") as url:
        yield url


@pytest.fixture
def redis_url(redis_server: str) -> str:
    """An empty Redis with TimeSeries that is marked as a test server: scripts honour a `now` that is passed in."""
    asyncio.run(empty(redis_server, mark=True))
    return redis_server


@pytest.fixture(scope="session")
def queue_server(servers_dir: Path) -> Iterator[str]:
    """The address of the run's second Redis, RQ's own."""
    with temporary_redis(servers_dir / "queue", time_series=False) as url:
        yield url


@pytest.fixture
def queue_url(queue_server: str) -> str:
    """An empty Redis for RQ."""
    asyncio.run(empty(queue_server, mark=False))
    return queue_server


async def empty(url: str, *, mark: bool) -> None:
    """Forget all that a Redis has; `mark` it as a test server."""
    client = connect(url)
    try:
        await client.flushall()
        await client.function_flush()
        if mark:
            async with client.pipeline(transaction=False) as pipe:
                for partition in range(keyspace.PARTITIONS):
                    pipe.set(keyspace.test_server(partition), "1")
                await pipe.execute()
    finally:
        await client.aclose()


@pytest.fixture
async def redis_client(redis_url: str) -> AsyncIterator[Client]:
    """An asyncio client of the empty test Redis, answering with strings."""
    client = connect(redis_url)
    yield client
    await client.aclose()


@pytest.fixture
async def store(redis_client: Client, redis_url: str) -> AsyncIterator[Store]:
    """The store on the empty test Redis."""
    bytes_client = connect(redis_url, decode=False)
    yield Store(redis_client, bytes_client)
    await bytes_client.aclose()


@pytest.fixture(scope="session")
def postgres_server(servers_dir: Path) -> Iterator[str]:
    """The address of the run's PostgreSQL: of its `postgres` database."""
    with temporary_postgres(servers_dir / "postgres") as url:
        yield url


@pytest.fixture(scope="session")
def migrated_database(postgres_server: str) -> str:
    """The address of a database that was migrated once for the whole run."""
    url = f"{postgres_server.rpartition('/')[0]}/pennywren_test"
    migrate(url)
    return url


@pytest.fixture
def postgres_url(migrated_database: str) -> str:
    """A migrated database with empty tables."""
    asyncio.run(truncate(migrated_database))
    return migrated_database


async def truncate(url: str) -> None:
    """Delete all rows of a database."""
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(
            "select quote_ident(tablename) as name from pg_tables "
            "where schemaname = 'public' and tablename <> 'schema_migrations'"
        )
        # Deleting is quicker than TRUNCATE for tables of a few rows: no new files are made.
        await connection.execute(
            "set session_replication_role = replica; " + "; ".join(f"delete from {row['name']}" for row in rows)
        )
    finally:
        await connection.close()


@pytest.fixture
async def pool(postgres_url: str) -> AsyncIterator[Pool]:
    """A connection pool of the empty database."""
    opened = await open_pool(postgres_url, size=5)
    yield opened
    await opened.close()


@pytest.fixture
def settings(tmp_path: Path, redis_url: str, queue_url: str, postgres_url: str) -> Settings:
    """Settings of a whole system on the test servers, with a data folder of its own and no mail server."""
    return load_settings(
        {
            "PENNYWREN_DATA_DIR": str(tmp_path / "data"),
            "PENNYWREN_REDIS_URL": redis_url,
            "PENNYWREN_QUEUE_URL": queue_url,
            "PENNYWREN_POSTGRES_URL": postgres_url,
        },
        tmp_path,
    )

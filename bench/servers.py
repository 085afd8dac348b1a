"""The real servers, as production runs them, for one run of the benches."""

import shutil
import sys
import tempfile
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from pennywren.local.children import Program, start, stop, wait_until_ready
from pennywren.local.postgres import embedded_postgres
from pennywren.local.redis import embedded_redis
from pennywren.postgres.migrate import migrate


@dataclass(frozen=True)
class Servers:
    """Addresses; both Redis append to a file that is flushed each second, PostgreSQL commits to disk."""

    folder: Path
    redis_url: str
    queue_url: str
    postgres_url: str

    @property
    def environ(self) -> dict[str, str]:
        """What a process of ours is told of them, and where it finds the code that is measured."""
        return {
            "PENNYWREN_REDIS_URL": self.redis_url,
            "PENNYWREN_QUEUE_URL": self.queue_url,
            "PENNYWREN_POSTGRES_URL": self.postgres_url,
            "PENNYWREN_DATA_DIR": str(self.folder),
            "PYTHONPATH": ":".join(sys.path),
        }


@contextmanager
def running(program: Program) -> Generator[None]:
    """One more process, ended with the block."""
    process = start(program)
    try:
        yield
    finally:
        stop({process.pid: (program, process)})


@contextmanager
def servers() -> Generator[Servers]:
    """Start them in a folder of their own; end them and forget it."""
    folder = Path(tempfile.mkdtemp(prefix="pennywren-bench-"))
    try:
        with ExitStack() as stack:
            redis = embedded_redis("redis", folder / "redis", logs=folder)
            queue = embedded_redis("queue", folder / "queue", logs=folder, time_series=False)
            postgres = embedded_postgres(folder / "postgres", logs=folder)
            for part in (redis, queue, postgres):
                process = start(part.program)
                stack.callback(stop, {process.pid: (part.program, process)})
                wait_until_ready(part.program, process, part.is_ready)
            migrate(postgres.url)
            yield Servers(folder, redis.url, queue.url, postgres.url)
    finally:
        shutil.rmtree(folder, ignore_errors=True)

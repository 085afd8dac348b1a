"""`doctor`: checks each part, and says what is missing and what to do."""

import asyncio
import os
import platform
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import aiosmtplib
import asyncpg
import click
import msgspec
from redis.exceptions import RedisError

from pennywren.archive import files
from pennywren.archive.places import open_place
from pennywren.errors import PennywrenError
from pennywren.local.postgres import find_postgres
from pennywren.local.redis import find_redis
from pennywren.model.clock import rfc3339
from pennywren.postgres.migrate import MIGRATIONS, find_dbmate, missing_migrations
from pennywren.running_system import running
from pennywren.settings import Settings, load_settings
from pennywren.store.connect import connect, require_time_series
from pennywren.store.scripts import script_folder
from pennywren.trust.asns import load_asns

_PATIENCE_S: Final = 5.0
_FAULTS: Final = (
    PennywrenError, RedisError, OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError,
    aiosmtplib.SMTPException,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found."""

    part: str
    ok: bool
    said: str


Check = Callable[[Settings], Awaitable[str]]
"""Answers what is fine; raises what is not, with the advice in its message."""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object for each part.")
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> None:
    """Check each part: is it there, does it answer, can it do what is needed?

    Exit code 1 if something is missing; each line says what to do.

    \b
    Example:
      pennywren doctor
    """
    findings = asyncio.run(_check_all(load_settings()))
    for each in findings:
        if as_json:
            click.echo(msgspec.json.encode(each))
        else:
            click.echo(f"{'ok     ' if each.ok else 'MISSING'} {each.part:<10} {each.said}")
    ctx.exit(0 if all(each.ok for each in findings) else 1)


async def _check_all(settings: Settings) -> list[Finding]:
    return [await _checked(part, check, settings) for part, check in _CHECKS.items()]


async def _checked(part: str, check: Check, settings: Settings) -> Finding:
    try:
        async with asyncio.timeout(_PATIENCE_S):
            return Finding(part, True, await check(settings))
    except _FAULTS as error:
        said = error.message if isinstance(error, PennywrenError) else str(error) or "no answer in time"
        return Finding(part, False, " ".join(said.split()))


async def _python(_settings: Settings) -> str:
    return f"{platform.python_version()} at {sys.executable}"


async def _data(settings: Settings) -> str:
    folder = settings.data_dir
    existing = next(each for each in (folder, *folder.parents) if each.exists())
    if not os.access(existing, os.W_OK | os.X_OK):
        raise OSError(f"{folder} cannot be written: choose another folder with PENNYWREN_DATA_DIR")
    runs = "a system runs here" if running(folder) else "nothing runs here (`pennywren up` starts it)"
    return f"{folder}: {runs}"


async def _scripts(_settings: Settings) -> str:
    found = len(list(script_folder().glob("*.lua")))
    if not found:
        raise OSError(f"no Lua scripts in {script_folder()}: install Pennywren again")
    return f"{found} Lua scripts in {script_folder()}"


async def _dbmate(_settings: Settings) -> str:
    return f"{find_dbmate()}, {len(list(MIGRATIONS.glob('*.sql')))} migrations"


async def _redis(settings: Settings) -> str:
    if not settings.redis_url:
        return f"embedded: {find_redis().server}"
    client = connect(settings.redis_url)
    try:
        await require_time_series(client)
        info = await client.info("server")
    finally:
        await client.aclose()
    return f"{info['redis_version']} with TimeSeries at {_place(settings.redis_url)}"


async def _queue(settings: Settings) -> str:
    if not settings.queue_url:
        return f"embedded: {find_redis().server}"
    client = connect(settings.queue_url)
    try:
        info = await client.info("server")
    finally:
        await client.aclose()
    return f"{info['redis_version']} at {_place(settings.queue_url)}"


async def _postgres(settings: Settings) -> str:
    if not settings.postgres_url:
        return f"embedded: {find_postgres()}"
    connection = await asyncpg.connect(settings.postgres_url, timeout=_PATIENCE_S)
    try:
        version = str(await connection.fetchval("show server_version"))
        missing = await missing_migrations(connection)
    finally:
        await connection.close()
    if missing:
        raise PennywrenError(f"{len(missing)} migrations did not run yet: run `pennywren migrate`")
    return f"{version} at {_place(settings.postgres_url)}, schema up to date"


async def _mail(settings: Settings) -> str:
    if not settings.smtp_url:
        return "embedded: a local mailbox"
    parts = urlsplit(settings.smtp_url)
    port = parts.port or (465 if parts.scheme == "smtps" else 25)
    async with aiosmtplib.SMTP(
        hostname=parts.hostname, port=port, use_tls=parts.scheme == "smtps", timeout=_PATIENCE_S
    ) as smtp:
        await smtp.noop()
    return f"SMTP at {_place(settings.smtp_url)}"


def _place(url: str) -> str:
    """An address without its password."""
    return urlsplit(url).netloc.rpartition("@")[2] or urlsplit(url).path


async def _archive(settings: Settings) -> str:
    if settings.archive_address is None:
        return "off: a loss of Redis would lose the prices"
    place = open_place(settings.archive_address)
    found = await asyncio.to_thread(files.files, place)
    newest = f", up to {rfc3339(max(file.last for file in found))}" if found else ""
    return f"{len(found)} files at {place.address}{newest}"


async def _asns(settings: Settings) -> str:
    if settings.asn_file is None:
        return "none: networks count each for itself"
    asns = await asyncio.to_thread(load_asns, settings.asn_file)
    return f"{len(asns)} ranges in {settings.asn_file}"


_CHECKS: Final[dict[str, Check]] = {
    "python": _python,
    "data": _data,
    "scripts": _scripts,
    "dbmate": _dbmate,
    "redis": _redis,
    "queue": _queue,
    "postgres": _postgres,
    "mail": _mail,
    "archive": _archive,
    "asns": _asns,
}

"""A whole installation as one folder, and back: for backups, and for moving to other machines.

`manifest.json` says what is in it and is written last, so that half a backup is none; `postgres/TABLE.csv.gz` are the
tables of one moment; `snapshots/…` are products as the archive has them; `shared.msgpack.gz` is what Redis holds
beside products and nobody could make again: what was learned of reporters and of how often prices change.
"""

import gzip
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any, Final, cast

import msgspec
from redis.exceptions import RedisError

from pennywren import __version__, keyspace
from pennywren.archive import files, folding
from pennywren.archive.events import Event
from pennywren.archive.places import Place
from pennywren.errors import BadInput, Conflict, NotFound, Unavailable
from pennywren.model.clock import SECOND
from pennywren.model.product import ProductID
from pennywren.postgres import copying
from pennywren.postgres.pool import Pool, transaction
from pennywren.store import snapshots
from pennywren.store.cold import list_cold
from pennywren.store.connect import Client

FORMAT: Final = 1
_MANIFEST: Final = "manifest.json"
_SHARED: Final = "shared.msgpack.gz"
_FILLED_BY_ITSELF: Final = ("secrets",)
"""Tables that a fresh installation may have written to before it is filled."""
_ROWS: Final = 20_000
_RANGE: Final = 64
"""Partitions of one file: so much of a backup is read at once, at least."""
_SCAN: Final = 2_000

Progress = Callable[[int, int], None]
"""Told now and then: products done, and of how many (an estimate)."""


class Manifest(msgspec.Struct, frozen=True):
    """What a backup holds."""

    format: int
    pennywren: str
    made: str
    schema: str
    tables: dict[str, int]
    products: int
    shared: int


class _Key(msgspec.Struct, frozen=True, array_like=True):
    key: bytes
    dump: bytes
    ttl: int
    """Milliseconds; 0 for ever."""


async def back_up(client: Client, raw: Client, pool: Pool, place: Place, progress: Progress | None = None) -> Manifest:
    """Write a backup into an empty place, while everything goes on.

    Raises:
        Conflict: there is something in that place already.
        Unavailable: a part does not answer, or the place cannot be written.
    """
    if place.names(""):
        raise Conflict(f"{place.address} is not empty: name a folder for this backup alone")
    counts: dict[str, int] = {}
    async with pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        schema = await copying.schema(connection)
        for table in await copying.tables(connection):
            counts[table.name] = await connection.fetchval(f"select count(*) from {table.name}")  # noqa: S608
            place.write(f"postgres/{table.name}.csv.gz", await copying.dump(connection, table))
    products = await take_snapshots(client, place, counts.get("products", 0), progress)
    shared = await _shared(raw)
    place.write(_SHARED, gzip.compress(msgspec.msgpack.encode(shared), mtime=0))
    made = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    manifest = Manifest(FORMAT, __version__, made, schema, counts, products, len(shared))
    place.write(_MANIFEST, msgspec.json.format(msgspec.json.encode(manifest), indent=2))
    return manifest


async def take_snapshots(client: Client, place: Place, expected: int = 0, progress: Progress | None = None) -> int:
    """Write a snapshot of every product into an archive or a backup; how many.

    Raises:
        Unavailable: Redis does not answer, or the place cannot be written.
    """
    ranges: list[list[Event]] = [[] for _ in range(0, keyspace.PARTITIONS, _RANGE)]
    done = 0
    try:
        page: list[ProductID] = []
        async for product in _recorded(client):
            page.append(product)
            if len(page) >= _SCAN:
                done += await _take(client, place, page, ranges)
                page = []
                if progress:
                    progress(done, max(expected, done))
        done += await _take(client, place, page, ranges)
    except (RedisError, OSError) as error:
        raise Unavailable("the price store is not reachable right now") from error
    for rows in ranges:
        if rows:
            files.write(place, "snapshots", rows)
    return done


async def _take(client: Client, place: Place, page: list[ProductID], ranges: list[list[Event]]) -> int:
    seconds, micros = await client.time()
    ms, count = int(seconds) * SECOND + int(micros) // 1000, 0
    for product, whole in zip(page, await snapshots.take(client, page), strict=True):
        if whole is None:
            continue
        count += 1
        partition = keyspace.partition_of(product)
        rows = ranges[partition // _RANGE]
        rows.append(folding.snapshot_row(partition, str(product), ms, whole))
        if len(rows) >= _ROWS:
            files.write(place, "snapshots", rows)
            rows.clear()
    return count


async def _scan(client: Client, pattern: str) -> AsyncIterator[Any]:
    """The keys of a pattern."""
    async for key in cast("AsyncIterator[Any]", client.scan_iter(match=pattern, count=_SCAN)):
        yield key


async def _recorded(client: Client) -> AsyncIterator[ProductID]:
    """Every product that was ever looked at; one whose tier changes meanwhile may come twice."""
    for n in range(keyspace.PARTITIONS):
        async for some in list_cold(client, n):
            for product in some:
                yield product
    async for key in _scan(client, keyspace.any_product()):
        yield ProductID.parse(str(key).partition(":product:")[2])


async def _shared(raw: Client) -> list[_Key]:
    found: list[_Key] = []
    try:
        for pattern in keyspace.not_derived():
            async for key in _scan(raw, pattern):
                dump: Any = await raw.dump(key)
                ttl: Any = await raw.pttl(key)
                if dump is not None:
                    found.append(_Key(key, dump, max(int(ttl), 0)))
    except (RedisError, OSError) as error:
        raise Unavailable("the price store is not reachable right now") from error
    return found


def read_manifest(place: Place) -> Manifest:
    """What a backup says of itself.

    Raises:
        BadInput: this is no whole backup, or one that this version cannot read.
    """
    try:
        manifest = msgspec.json.decode(place.read(_MANIFEST), type=Manifest)
    except (NotFound, msgspec.MsgspecError) as error:
        raise BadInput(f"{place.address} is no whole backup: its manifest.json is missing or damaged") from error
    if manifest.format > FORMAT:
        raise BadInput(
            f"{place.address} has format {manifest.format}, made by Pennywren {manifest.pennywren}: "
            f"this version reads up to {FORMAT}; install a newer one"
        )
    return manifest


async def fill(client: Client, raw: Client, pool: Pool, place: Place) -> bool:
    """Fill the empty database of a new installation, and give back what was learned; products come after that.

    Returns whether processes had made keys already, which the backup's replaced: those that run still have them.

    Raises:
        BadInput: this is no whole backup, or its schema is another one.
        Conflict: the installation holds something already.
        Unavailable: a part does not answer.
    """
    manifest = read_manifest(place)
    async for _ in _recorded(client):
        raise Conflict("this Redis holds products already: restore into an empty one")
    async with transaction(pool) as connection:
        here = await copying.schema(connection)
        if here != manifest.schema:
            raise BadInput(
                f"the backup has the schema {manifest.schema}, this installation {here}: "
                f"restore with Pennywren {manifest.pennywren}, then upgrade"
            )
        every = await copying.tables(connection)
        if occupied := await copying.occupied(connection, every, _FILLED_BY_ITSELF):
            raise Conflict(f"the tables {', '.join(occupied)} hold rows already: restore into an empty database")
        had_keys = bool(await copying.occupied(connection, every, ()))
        for table in every:
            if table.name in _FILLED_BY_ITSELF:
                await connection.execute(f"delete from {table.name}")  # noqa: S608
            await copying.load(connection, table, place.read(f"postgres/{table.name}.csv.gz"))
        await copying.advance_identities(connection)
    keys = msgspec.msgpack.decode(gzip.decompress(place.read(_SHARED)), type=list[_Key])
    try:
        async with raw.pipeline(transaction=False) as pipe:
            for each in keys:
                pipe.restore(each.key, each.ttl, each.dump, replace=True)
            await pipe.execute()
    except (RedisError, OSError) as error:
        raise Unavailable("the price store is not reachable right now") from error
    return had_keys

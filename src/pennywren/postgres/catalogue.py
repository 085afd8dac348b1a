"""The catalogue: what people read and search by. Eventually consistent, written in batches."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from asyncpg import Record

from pennywren.errors import Unavailable
from pennywren.model.product import ProductID
from pennywren.model.titles import plain_title
from pennywren.postgres.moments import to_moment, to_ms
from pennywren.postgres.pool import Connection, Pool, connected

_MAX_IMAGE: Final = 2_000


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """What was seen of a product; None leaves what is known as it is. `last_seen_ms` is ms UTC."""

    id: ProductID
    title: str | None = None
    image: str | None = None
    last_seen_ms: int | None = None


@dataclass(frozen=True, slots=True)
class CatalogueRow:
    """What is known of a product."""

    id: ProductID
    title: str | None
    image: str | None
    first_seen_ms: int
    last_seen_ms: int | None
    retired_ms: int | None = None
    """Since when (ms UTC) the shop has had no page of it any more; None while it has one."""


def clean_image(image: str) -> str | None:
    """The address of an image if it is an https one of a sane length, else None."""
    return image if len(image) <= _MAX_IMAGE and re.fullmatch(r"https://[!-~]+", image) else None


async def upsert(pool: Pool, entries: Sequence[CatalogueEntry]) -> None:
    """Write a batch in one statement; a title and an image are kept until there is another.

    Raises:
        Unavailable: the database is not reachable.
    """
    async with connected(pool) as connection:
        await _upsert(connection, entries)


async def _upsert(connection: Connection, entries: Sequence[CatalogueEntry]) -> None:
    merged: dict[str, CatalogueEntry] = {}
    for entry in entries:
        merged[str(entry.id)] = _over(merged.get(str(entry.id)), entry)
    # In the order of ids, so that two batches never wait for each other's rows.
    rows = [merged[id_] for id_ in sorted(merged)]
    if not rows:
        return
    await connection.execute(
        """
        insert into products as known (id, title, image, last_seen)
        select * from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[])
        on conflict (id) do update set
            title = coalesce(excluded.title, known.title),
            image = coalesce(excluded.image, known.image),
            last_seen = greatest(excluded.last_seen, known.last_seen),
            -- Whatever is seen is back.
            retired_at = case when excluded.last_seen is null then known.retired_at end
        where excluded.title <> coalesce(known.title, '')
           or excluded.image <> coalesce(known.image, '')
           or excluded.last_seen > coalesce(known.last_seen, '-infinity')
        """,
        [str(row.id) for row in rows],
        [plain_title(row.title) or None for row in rows],
        [clean_image(row.image) if row.image else None for row in rows],
        [None if row.last_seen_ms is None else to_moment(row.last_seen_ms) for row in rows],
    )


def _over(first: CatalogueEntry | None, second: CatalogueEntry) -> CatalogueEntry:
    if first is None:
        return second
    seen = [ms for ms in (first.last_seen_ms, second.last_seen_ms) if ms is not None]
    return CatalogueEntry(
        second.id, second.title or first.title, second.image or first.image, max(seen) if seen else None
    )


async def get(pool: Pool, product: ProductID) -> CatalogueRow | None:
    """What is known of `product`, or None.

    Raises:
        Unavailable: the database is not reachable.
    """
    return (await get_all(pool, [product])).get(product)


async def get_all(pool: Pool, products: Iterable[ProductID]) -> dict[ProductID, CatalogueRow]:
    """What is known of those of `products` that are in the catalogue.

    Raises:
        Unavailable: the database is not reachable.
    """
    ids = [str(product) for product in products]
    if not ids:
        return {}
    async with connected(pool) as connection:
        rows = await connection.fetch(
            "select id, title, image, first_seen, last_seen, retired_at from products where id = any($1::text[])", ids
        )
    return {(found := _row(row)).id: found for row in rows}


def _row(row: Record) -> CatalogueRow:
    last_seen, retired = row["last_seen"], row["retired_at"]
    return CatalogueRow(
        _stored(row["id"]),
        row["title"],
        row["image"],
        to_ms(row["first_seen"]),
        None if last_seen is None else to_ms(last_seen),
        None if retired is None else to_ms(retired),
    )


async def last_seen(pool: Pool, products: Iterable[ProductID]) -> dict[ProductID, int]:
    """When those of `products` that a crawl ever saw were seen last (ms UTC).

    Raises:
        Unavailable: the database is not reachable.
    """
    async with connected(pool) as connection:
        rows = await connection.fetch(
            "select id, last_seen from products where id = any($1::text[]) and last_seen is not null",
            [str(product) for product in products],
        )
    return {_stored(row["id"]): to_ms(row["last_seen"]) for row in rows}


async def retire(pool: Pool, product: ProductID, now: int) -> None:
    """Note that the shop has no page of a product any more, since `now` (ms UTC) if it was not noted before.

    Raises:
        Unavailable: the database is not reachable.
    """
    async with connected(pool) as connection:
        await connection.execute(
            "update products set retired_at = $2 where id = $1 and retired_at is null", str(product), to_moment(now)
        )


async def name_of(pool: Pool, product: ProductID) -> str:
    """What people call a product: its title, or its id where none is known or the database is away."""
    try:
        return (await titles(pool, [product])).get(product, str(product))
    except Unavailable:
        return str(product)


async def titles(pool: Pool, products: Iterable[ProductID]) -> dict[ProductID, str]:
    """The titles of those of `products` that have one.

    Raises:
        Unavailable: the database is not reachable.
    """
    async with connected(pool) as connection:
        rows = await connection.fetch(
            "select id, title from products where id = any($1::text[]) and title is not null",
            [str(product) for product in products],
        )
    return {_stored(row["id"]): row["title"] for row in rows}


async def known(pool: Pool, ids: Iterable[ProductID]) -> set[ProductID]:
    """Those of `ids` that are in the catalogue.

    Raises:
        Unavailable: the database is not reachable.
    """
    async with connected(pool) as connection:
        rows = await connection.fetch(
            "select id from products where id = any($1::text[])", [str(product) for product in ids]
        )
    return {_stored(row["id"]) for row in rows}


def _stored(text: str) -> ProductID:
    """An id as we wrote it ourselves."""
    marketplace, _, asin = text.partition(":")
    return ProductID(marketplace, asin)

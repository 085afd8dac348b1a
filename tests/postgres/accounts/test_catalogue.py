"""The catalogue and the named secrets."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from pennywren.model.product import ProductID
from pennywren.model.titles import plain_title
from pennywren.postgres import catalogue
from pennywren.postgres.catalogue import CatalogueEntry, clean_image
from pennywren.postgres.pool import Pool
from pennywren.postgres.secrets import get_or_create

A, B = ProductID("us", "B000000001"), ProductID("de", "B000000002")


async def test_what_is_not_given_stays_as_it_is(pool: Pool) -> None:
    await catalogue.upsert(pool, [CatalogueEntry(A, "A kettle", "https://images.example/a.jpg", 2_000)])
    await catalogue.upsert(pool, [CatalogueEntry(A), CatalogueEntry(A, last_seen_ms=1_000)])
    row = await catalogue.get(pool, A)

    assert row is not None
    assert (row.title, row.image, row.last_seen_ms) == ("A kettle", "https://images.example/a.jpg", 2_000)


async def test_a_batch_may_name_a_product_twice(pool: Pool) -> None:
    entries = [CatalogueEntry(A, "Old", last_seen_ms=5), CatalogueEntry(B), CatalogueEntry(A, "New", last_seen_ms=3)]
    await catalogue.upsert(pool, entries)
    row = await catalogue.get(pool, A)

    assert row is not None
    assert (row.title, row.last_seen_ms) == ("New", 5)
    assert await catalogue.known(pool, [A, B, ProductID("us", "B000000003")]) == {A, B}
    assert await catalogue.titles(pool, [A, B]) == {A: "New"}


async def test_batches_in_opposite_orders_do_not_block_each_other(pool: Pool) -> None:
    ids = [ProductID("us", f"B{i:09}") for i in range(200)]
    batches = [[CatalogueEntry(id_, f"{n}") for id_ in ids[:: 1 if n % 2 else -1]] for n in range(8)]

    await asyncio.gather(*(catalogue.upsert(pool, batch) for batch in batches))
    assert len(await catalogue.known(pool, ids)) == 200


async def test_an_unknown_product_is_none_and_an_empty_batch_nothing(pool: Pool) -> None:
    await catalogue.upsert(pool, [])

    assert await catalogue.get(pool, A) is None


@given(st.text(st.characters(codec=None), max_size=2_000))
def test_a_title_is_one_line_that_postgresql_takes(title: str) -> None:
    cleaned = plain_title(title)

    assert len(cleaned) <= 300
    assert cleaned.encode().decode() == cleaned
    assert cleaned == cleaned.strip()
    assert not set(cleaned) & set("\x00\r\n\t\u202e\u2066")


def test_only_an_https_image_is_kept() -> None:
    assert clean_image("https://m.media-amazon.com/images/I/x.jpg") == "https://m.media-amazon.com/images/I/x.jpg"
    for bad in ("http://x/y.jpg", "javascript:alert(1)", "https://x/ y", "https://x/" + "y" * 3_000, "data:image/png,"):
        assert clean_image(bad) is None


async def test_a_secret_is_made_once_whoever_asks_first(pool: Pool) -> None:
    found = await asyncio.gather(*(get_or_create(pool, "test-key") for _ in range(8)))

    assert len(set(found)) == 1
    assert len(found[0]) == 32
    assert await get_or_create(pool, "another") != found[0]

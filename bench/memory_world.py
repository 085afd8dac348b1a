"""Histories as products have them, and what they take in layouts that others would use."""

import random
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, Final

import asyncpg

from pennywren.frontier.rate import Learned
from pennywren.model.clock import DAY, SECOND
from pennywren.model.product import ProductID
from pennywren.model.series import State, Steps
from pennywren.store.connect import Client

YEARS: Final = 3
SPAN: Final = YEARS * 365 * DAY
Mix = Sequence[tuple[int, float]]
"""Changes in three years, and the share of products that have so many."""
MIX: Final[Mix] = ((5, 0.70), (50, 0.25), (500, 0.049), (5_000, 0.001))
_RETURNS: Final = 0.35
"""Of real changes 20 to 67 % (`shared/prices`) go back to the price before the last one."""
_OUT: Final = 0.02
"""Changes by which an offer disappears; the next one brings it back."""
_NAIVE_RULES: Final = ("twa", "min", "max")


def product(number: int) -> ProductID:
    """The product of a number: ids are spread as real ones are."""
    digits, rest = "", number * 2_654_435_761 % 36**9
    for _ in range(9):
        rest, digit = divmod(rest, 36)
        digits += "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[digit]
    return ProductID("us", f"B{digits}")


def history(chance: random.Random, changes: int, now: int) -> Steps:
    """A past of so many changes, at any seconds of three years: prices are some percent about a usual one."""
    begin = (now - SPAN) // SECOND
    times = sorted(chance.sample(range(begin, (now - DAY) // SECOND), changes))
    usual = chance.lognormvariate(7.6, 1.1)
    price = before = max(1, round(usual))
    prices: list[tuple[int, int]] = []
    states: list[tuple[int, State]] = []
    is_out = False
    for at in (each * SECOND for each in times):
        if is_out or (prices and chance.random() < _OUT):
            is_out = not is_out
            states.append((at, State.NO_OFFER if is_out else State.OFFERED))
            continue
        if prices:
            if before == price or chance.random() >= _RETURNS:
                before = (
                    price + 1 if (moved := max(1, round(usual * chance.lognormvariate(0, 0.12)))) == price else moved
                )
            price, before = before, price
        prices.append((at, price))
    return Steps(prices, states, now - chance.randrange(DAY // SECOND) * SECOND)


def rate(chance: random.Random, changes: int) -> str:
    """What the frontier has learned of a product that changes so often, looked at some hundred times."""
    learned, mean_s = Learned(), SPAN / SECOND / changes
    look_s = min(mean_s / 2, 20 * DAY / SECOND)
    for _ in range(120):
        elapsed = chance.expovariate(1 / look_s)
        learned = learned.after(changed=chance.random() < elapsed / mean_s, elapsed_s=elapsed)
    return learned.pack()


def mixed(chance: random.Random, mix: Mix, count: int) -> list[int]:
    """How many changes each of `count` products has, in any order, in just the shares of a mix."""
    numbers = [changes for changes, share in mix[1:] for _ in range(round(count * share))]
    numbers += [mix[0][0]] * (count - len(numbers))
    chance.shuffle(numbers)
    return numbers


async def fill_naively(client: Client, pasts: Sequence[Steps]) -> None:
    """A time series a product with one sample a change, and three compaction rules."""
    for number, past in enumerate(pasts):
        pipe: Any = client.pipeline(transaction=False)
        raw = f"naive:{product(number)}"
        pipe.execute_command("TS.CREATE", raw, "CHUNK_SIZE", 128, "DUPLICATE_POLICY", "LAST")
        for rule in _NAIVE_RULES:
            pipe.execute_command("TS.CREATE", f"{raw}:{rule}", "CHUNK_SIZE", 128, "DUPLICATE_POLICY", "LAST")
            pipe.execute_command("TS.CREATERULE", raw, f"{raw}:{rule}", "AGGREGATION", rule, DAY)
        for start in range(0, len(past.prices), 500):
            words = chain.from_iterable((raw, at, price) for at, price in past.prices[start : start + 500])
            pipe.execute_command("TS.MADD", *words)
        await pipe.execute()


async def rows_of(postgres_url: str, pasts: Sequence[Steps]) -> float:
    """Bytes a product as PostgreSQL keeps one row each: a number as its key, and its past packed in one bytea."""
    connection = await asyncpg.connect(postgres_url)
    try:
        await connection.execute("create table bench_blobs (product bigint primary key, past bytea not null)")
        rows = [(number, _packed(past)) for number, past in enumerate(pasts)]
        await connection.copy_records_to_table("bench_blobs", records=rows)
        await connection.execute("vacuum full bench_blobs")
        size: int = await connection.fetchval("select pg_total_relation_size('bench_blobs')")
        await connection.execute("drop table bench_blobs")
    finally:
        await connection.close()
    return size / len(pasts)


def _packed(past: Steps) -> bytes:
    return b"".join(_varints(past))


def _varints(past: Steps) -> Iterator[bytes]:
    at_before = price_before = 0
    for at, price in past.prices:
        moved = price - price_before
        for number in ((at - at_before) // SECOND, -2 * moved - 1 if moved < 0 else 2 * moved):
            yield _varint(number)
        at_before, price_before = at, price


def _varint(number: int) -> bytes:
    out = bytearray()
    while number >= 128:
        out.append(number % 128 + 128)
        number //= 128
    out.append(number)
    return bytes(out)

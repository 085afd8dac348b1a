"""What the first page shows: against the definition, and never more than it says."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pennywren import keyspace
from pennywren.match import index, shown
from pennywren.match.index import Watch
from pennywren.model.change import ChangeKind, PriceChange
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.rule import WatchSet
from pennywren.store.connect import Client
from tests.redis.match.changes import PRODUCT

SETS, OFFERS = st.sampled_from(list(WatchSet)), st.sampled_from(list(Offer))
SOME = [ProductID("us", f"B0000000{n:02}") for n in range(30)]


def moved(product: ProductID, at: int, old: int = 200, new: int = 100, **more: object) -> PriceChange:
    of: dict[str, object] = {"offer": Offer.BUYBOX, "kind": ChangeKind.PRICE, **more}
    return PriceChange(product, old=old, new=new, currency="USD", at=at, version=1, **of)  # pyright: ignore[reportArgumentType]


async def test_the_latest_move_of_each_product_is_shown_the_newest_first(redis_client: Client) -> None:
    await shown.note_moves(redis_client, [moved(SOME[0], 1), moved(SOME[1], 2), moved(SOME[0], 3, 100, 90)])
    assert await shown.lately_moved(redis_client, 5) == [
        shown.Move(SOME[0], 100, 90, 3),
        shown.Move(SOME[1], 200, 100, 2),
    ]
    assert [each.product for each in await shown.lately_moved(redis_client, 1)] == [SOME[0]]


async def test_only_prices_of_a_buy_box_that_moved_are_noted(redis_client: Client) -> None:
    others = [
        moved(PRODUCT, 1, offer=Offer.USED),
        *(moved(PRODUCT, 1, kind=kind) for kind in ChangeKind if kind is not ChangeKind.PRICE),
    ]
    await shown.note_moves(redis_client, others)
    assert await shown.lately_moved(redis_client, 5) == []


async def test_however_much_moves_the_list_stays_short(redis_client: Client) -> None:
    for begin in range(0, 600, 20):
        await shown.note_moves(redis_client, [moved(SOME[n % 30], n, n + 2, n + 1) for n in range(begin, begin + 20)])
    assert await redis_client.zcard(keyspace.moved()) == shown.MOVES_KEPT
    assert (await shown.lately_moved(redis_client, 1))[0].at == 599


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 4), SETS, OFFERS, st.integers(1, 6)), max_size=25))
async def test_counts_are_those_of_the_index_whatever_was_added_moved_and_removed(
    redis_client: Client, steps: list[tuple[bool, int, WatchSet, Offer, int]]
) -> None:
    await redis_client.flushall()
    there: dict[tuple[int, Offer], ProductID] = {}
    for puts, n, of_set, offer, id_ in steps:
        if puts:
            await index.move(redis_client, Watch(id_ * 10 + n, SOME[n], offer, 100, of_set))
            there[id_ * 10 + n, offer] = SOME[n]
        else:
            await index.remove(redis_client, SOME[n], offer, id_ * 10 + n)
            there.pop((id_ * 10 + n, offer), None)
    expected = {product: list(there.values()).count(product) for product in there.values()}
    found = await shown.most_watched(redis_client, 10)
    assert {each.product: each.watches for each in found} == expected
    assert [each.watches for each in found] == sorted(expected.values(), reverse=True)


async def test_what_nobody_could_have_written_is_passed_over(redis_client: Client) -> None:
    await redis_client.zadd(keyspace.moved(), {"nonsense": 1, "us:B08N5WRWNW": 2, "us:B08N5WRWNW 5 x": 3})
    await redis_client.zadd(keyspace.watched(), {"nonsense": 1})
    assert await shown.lately_moved(redis_client, 5) == []
    assert await shown.most_watched(redis_client, 5) == []

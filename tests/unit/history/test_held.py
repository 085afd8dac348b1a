"""What a process holds: the latest answers, and never more bytes than it may."""

from hypothesis import given
from hypothesis import strategies as st

from pennywren.history.calendar import Interval
from pennywren.history.held import Encoded, HeldAnswers
from pennywren.history.question import Question
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID

PRODUCTS = [ProductID("us", f"B00000000{i}") for i in range(5)]
QUESTION = Question(Offer.BUYBOX, Interval.DAY, None, 1)


def test_what_is_held_is_in_gzip_where_that_is_worth_it() -> None:
    held = HeldAnswers(limit=1_000)
    body = b'{"history": [' + b'{"price": 1299}, ' * 500 + b"]}"
    kept = held.put(PRODUCTS[0], QUESTION, Encoded(1, '"tag"', body))
    assert held.get(PRODUCTS[0], QUESTION) is kept
    assert kept.is_packed
    assert len(kept.kept) < 1_000 < len(body)
    assert kept.body == body
    assert not held.put(PRODUCTS[1], QUESTION, Encoded(1, '"tag"', b"{}")).is_packed


@given(st.lists(st.tuples(st.sampled_from(PRODUCTS), st.integers(1, 3), st.integers(0, 60)), max_size=40))
def test_it_holds_the_latest_answers_within_its_limit(puts: list[tuple[ProductID, int, int]]) -> None:
    held = HeldAnswers(limit=100)
    latest: dict[ProductID, Encoded] = {}
    for product, version, size in puts:
        latest[product] = Encoded(version, "", b"x" * size)
        held.put(product, QUESTION, latest[product])
        found = [held.get(each, QUESTION) for each in latest]
        assert sum(len(each.body) for each in found if each) <= 100
        assert held.get(product, QUESTION) is latest[product]

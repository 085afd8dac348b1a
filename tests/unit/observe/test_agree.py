"""The rule that combines places: agreement, refusal, and which way of buying counts."""

from collections.abc import Sequence
from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from pennywren.observe.page.agree import Decision, decide
from pennywren.observe.page.place import Place, Row, Weight

_number = count()


def seen(family: str, *amounts: int, row: Row = Row.MAIN, option: str = "", currency: str | None = "USD") -> Place:
    return Place(family, Weight.VISIBLE, frozenset(amounts), currency, f"#{family}{next(_number)}", "", row, option)


def held(family: str, *amounts: int, weight: Weight = Weight.HIDDEN, row: Row = Row.MAIN) -> Place:
    return Place(family, weight, frozenset(amounts), None, f"#{family}", "", row)


def judge(places: Sequence[Place], *, selected: str = "", pix: bool = False) -> Decision:
    return decide(places, currencies=["USD"], selected=selected, pix=pix)


def test_two_visible_families_make_a_price() -> None:
    assert judge([seen("box", 100), seen("headline", 100)]).price == 100


def test_one_visible_family_needs_a_witness() -> None:
    assert judge([seen("headline", 100), held("twister", 100)]).price == 100
    assert judge([seen("headline", 100), held("bar", 100, weight=Weight.SUPPORT)]).price == 100
    assert (judge([seen("headline", 100)]).reason or "").startswith("one_place_only")


def test_visible_places_that_differ_are_refused() -> None:
    decision = judge([seen("box", 100), seen("headline", 101), held("form", 100)])
    assert decision.price is None
    assert (decision.reason or "").startswith("places_disagree")


def test_a_garbled_visible_place_is_refused() -> None:
    assert (judge([seen("box"), seen("headline", 100)]).reason or "").startswith("garbled")


def test_what_would_be_charged_outweighs_what_is_shown() -> None:
    assert judge([seen("box", 100), seen("headline", 100), held("form", 90)]).price is None
    assert judge([seen("headline", 100), held("order", 90)]).price is None


def test_one_hidden_dissent_against_two_visible_families_is_the_pages_own_slip() -> None:
    both = [seen("box", 100), seen("headline", 100)]
    assert judge([*both, held("twister", 90)]).price == 100
    assert judge([*both, held("twister", 90), held("attach", 90)]).price is None
    assert judge([seen("headline", 100), held("twister", 90), held("form", 100)]).price is None


def test_a_value_that_lost_its_comma_agrees_in_either_reading() -> None:
    assert judge([seen("headline", 800), held("twister", 80000, 800)]).price == 800


def test_pix_explains_a_higher_hidden_price_and_nothing_else() -> None:
    both = [seen("box", 100), seen("headline", 100)]
    assert judge([*both, held("twister", 110), held("attach", 110)], pix=True).price == 100
    assert judge([*both, held("twister", 90), held("attach", 90)], pix=True).price is None
    assert judge([*both, held("form", 110)], pix=True).price is None


def test_other_ways_of_buying_do_not_count() -> None:
    others = [seen("box", 70, row=row) for row in Row if row is not Row.MAIN]
    decision = judge([seen("box", 100), seen("headline", 100), *others])
    assert (decision.price, decision.used) == (100, False)
    only_other = judge(
        [seen("box", 70, row=Row.SUBSCRIBE), seen("box", 60, row=Row.EXCHANGE), seen("box", 5, row=Row.RENT)]
    )
    assert only_other.reason == "no_price"


def test_a_used_offer_is_the_buy_box_where_nothing_new_is_sold() -> None:
    format_price = held("format", 445, weight=Weight.SUPPORT)
    decision = judge([seen("box", 445, row=Row.USED), format_price])
    assert (decision.price, decision.used) == (445, True)
    assert judge([seen("box", 445, row=Row.USED), held("twister", 900), held("attach", 900)]).price is None


def test_the_selected_of_several_offers_counts_else_the_first() -> None:
    places = [
        seen("box", 100, option="freshAccordionRow"), seen("headline", 100, option="freshAccordionRow"),
        seen("box", 120, option="newAccordionRow"), seen("headline", 120, option="newAccordionRow"),
    ]  # fmt: skip
    assert judge(places, selected="newAccordionRow").price == 120
    assert judge(places).price == 100


def test_currencies_have_to_be_the_marketplaces() -> None:
    assert (judge([seen("box", 1, currency="PKR"), seen("headline", 1, currency="PKR")]).reason or "").startswith(
        "foreign"
    )
    assert judge([seen("box", 1, currency="USD"), seen("headline", 1, currency="EUR")]).reason == "currencies_disagree"
    assert judge([seen("box", 1, currency=None), seen("headline", 1, currency=None)]).reason == "no_currency"


def test_nothing_and_free_are_told_apart() -> None:
    assert judge([]).reason == "no_price"
    assert judge([seen("headline", 0)]).reason == "free"
    assert judge([seen("headline", 10**10 + 1)]).reason == "out_of_bounds"


_places = st.lists(
    st.builds(
        Place,
        family=st.sampled_from(["box", "headline", "form", "twister", "bar"]),
        weight=st.sampled_from(list(Weight)),
        amounts=st.frozensets(st.integers(0, 3), max_size=2),
        currency=st.sampled_from([None, "USD", "EUR"]),
        where=st.just("#x"),
        shown=st.just(""),
        row=st.sampled_from(list(Row)),
        option=st.sampled_from(["", "a", "b"]),
    ),
    max_size=8,
)


@given(_places, st.booleans())
def test_a_price_is_always_one_that_a_visitor_sees_in_more_than_one_place(places: list[Place], pix: bool) -> None:
    decision = judge(places, pix=pix)
    if decision.price is not None:
        assert len({p.family for p in places if decision.price in p.amounts}) > 1
        assert decision.currency == "USD"
        assert any(p.weight is Weight.VISIBLE and decision.price in p.amounts for p in places)
        assert decision.reason is None
    else:
        assert decision.reason


@given(_places)
def test_repeating_a_place_changes_nothing(places: list[Place]) -> None:
    assert judge([*places, *places]).price == judge(places).price

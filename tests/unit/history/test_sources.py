"""Histories from elsewhere: Keepa's JSON and CSV."""

import gzip
import json

import pytest

from pennywren.errors import BadInput
from pennywren.history.sources.csv import parse_csv
from pennywren.history.sources.files import parse_histories
from pennywren.history.sources.keepa import parse_keepa
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.series import State, Steps
from tests.unit.history.shared_prices import KEEPA_FILES, picknpay_as_products, real_histories

KETTLE = ProductID("us", "B08N5WRWNW")
MINUTE = 7_000_000
AT = (MINUTE + 21_564_000) * 60_000


def _keepa(**more: object) -> bytes:
    product = {"asin": "B08N5WRWNW", "domainId": 1, "csv": [None, [MINUTE, 1299]], "lastUpdate": MINUTE + 9} | more
    return json.dumps({"products": [product]}).encode()


def test_keepa_points_become_prices_states_and_a_last_look() -> None:
    csv: list[object] = [None] * 19
    csv[0] = [MINUTE, -1]
    csv[18] = [MINUTE, -1, -1, MINUTE + 1, 1299, 499, MINUTE + 2, 1299, 0, MINUTE + 3, -1, -1, MINUTE + 4, 1399, 0]
    found = parse_keepa(_keepa(csv=csv))
    history = found.histories[KETTLE]
    assert history.currency == "USD"
    assert history.offers == {
        Offer.AMAZON: Steps([], [(AT, State.NO_OFFER)], AT + 540_000),
        Offer.BUYBOX: Steps(
            [(AT + 60_000, 1299), (AT + 240_000, 1399)],
            [
                (AT, State.NO_OFFER),
                (AT + 60_000, State.OFFERED),
                (AT + 180_000, State.NO_OFFER),
                (AT + 240_000, State.OFFERED),
            ],
            AT + 540_000,
        ),
    }


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"csv": [None, [MINUTE, 1299, MINUTE + 1]]}, r"product 1 \(B08N5WRWNW\): csv\[1\] has 3 numbers"),
        ({"csv": [None, [MINUTE, 1299, MINUTE, 1]]}, r"csv\[1\], point 2: its time does not come after"),
        ({"csv": [None, [MINUTE, 0]]}, r"csv\[1\], point 1: 0 is neither a price nor -1"),
        ({"csv": [None, [-5, 100]]}, "-5 is not a Keepa minute"),
        ({"csv": None}, "no price in it"),
        ({"csv": [[MINUTE, -1]]}, "no price in it"),
        ({"domainId": 7}, "domainId 7 is not a marketplace"),
        ({"asin": "NOTANASIN!"}, "is not a product"),
        ({"csv": "x"}, "product 1: not a Keepa product"),
    ],
)
def test_a_keepa_product_that_cannot_be_used_is_listed_with_its_place(more: dict[str, object], sentence: str) -> None:
    found = parse_keepa(_keepa(**more))
    assert not found.histories
    with pytest.raises(AssertionError, match=sentence):
        raise AssertionError(str(found.bad[0]))


def test_csv_reads_offers_times_currencies_and_absences() -> None:
    text = (
        "Product;Offer;Time;Price;Currency\r\n"
        "de:B08N5WRWNW;new;2025-11-25T10:40:00Z;12,99;EUR\r\n"
        "https://www.amazon.de/dp/B08N5WRWNW;NEW;1764067260;;EUR\r\n"
        "de:B08N5WRWNW;;2025-11-25;5;\r\n"
    )
    history = parse_csv(b"\xef\xbb\xbf" + text.encode()).histories[ProductID("de", "B08N5WRWNW")]
    at = 1_764_067_200_000
    assert history.currency == "EUR"
    assert history.offers == {
        Offer.NEW: Steps([(at, 1299)], [(at + 60_000, State.NO_OFFER)], at + 60_000),
        Offer.BUYBOX: Steps([(1_764_028_800_000, 500)], [], 1_764_028_800_000),
    }


def test_csv_lines_may_come_in_any_order_and_twice() -> None:
    lines = ["date,product,price", "2025-11-26,B08N5WRWNW,3", "2025-11-25,B08N5WRWNW,2", "2025-11-26,B08N5WRWNW,3"]
    found = parse_csv("\n".join(lines).encode())
    assert not found.bad
    assert [price for _, price in found.histories[KETTLE].offers[Offer.BUYBOX].prices] == [200, 300]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("kettle,buybox,2025-11-25,1,USD", "line 3: 'kettle' is not a product"),
        ("B08N5WRWNW,box,2025-11-25,1,USD", "line 3: 'box' is not an offer"),
        ("B08N5WRWNW,new,soon,1,USD", "line 3: time='soon' is not a time"),
        ("B08N5WRWNW,new,,1,USD", "line 3: no time given"),
        ("B08N5WRWNW,new,2025-11-25,1.999,USD", "line 3: '1.999' has more digits than USD has"),
        ("B08N5WRWNW,new,2025-11-25,-1,USD", "line 3: '-1' is not an amount"),
        ("B08N5WRWNW,new,2025-11-25,0,USD", "line 3: '0' is not a price"),
        ("B08N5WRWNW,new,2025-11-25,1,EUR", "line 3: us:B08N5WRWNW is in USD before"),
        ("B08N5WRWNW,new,2025-11-25,1,dollars", "line 3: 'DOLLARS' is not a currency"),
        ("B08N5WRWNW,buybox,2025-11-25,2,USD", "line 3: another price of us:B08N5WRWNW"),
    ],
)
def test_a_bad_csv_line_is_listed_with_its_number_and_the_others_are_used(line: str, sentence: str) -> None:
    found = parse_csv(f"product,offer,time,price,currency\nB08N5WRWNW,buybox,2025-11-25,1,USD\n{line}\n".encode())
    assert [str(bad).startswith(sentence) for bad in found.bad] == [True], found.bad
    assert list(found.histories) == [KETTLE]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "this file is empty"),
        (b"product,cost\n", "must name the columns"),
        (b"\xff\xfe,", "not UTF-8"),
        (b'{"products": 1}', "not the JSON of a Keepa"),
        (b"[1, 2", "not the JSON of a Keepa"),
        (b"\x1f\x8bnot gzip", "gzip file is broken"),
        (b"product,time,price\n" + b"x,y,z\n" * 1001, "nothing but bad lines; the first: line 2"),
    ],
)
def test_a_file_of_another_kind_is_refused(data: bytes, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        parse_histories(data)


def test_packed_files_are_read() -> None:
    assert parse_histories(gzip.compress(_keepa())).histories == parse_keepa(_keepa()).histories


@pytest.mark.parametrize("name", KEEPA_FILES)
def test_every_point_of_the_real_keepa_files_is_read(name: str) -> None:
    found = real_histories(name)
    assert not found.bad
    assert all(history.offers[Offer.NEW].prices for history in found.histories.values())


def test_the_real_keepa_history_has_its_known_size() -> None:
    history = real_histories(KEEPA_FILES[0]).histories[ProductID("us", "B08HR6ZBYJ")]
    # 5,154 buy box triples: 174 absences (two in a row once); 110 neighbours and some returns repeat a price.
    buybox = history.offers[Offer.BUYBOX]
    assert sum(state is State.NO_OFFER for _, state in buybox.states) == 173
    assert 4500 < len(buybox.prices) <= 5154 - 174 - 110 + 1
    assert history.offers[Offer.AMAZON].prices == []


def test_the_real_supermarket_prices_are_read_as_csv() -> None:
    found = parse_histories(picknpay_as_products(200), "za")
    assert not found.bad
    assert len(found.histories) == 200
    assert {history.currency for history in found.histories.values()} == {"ZAR"}

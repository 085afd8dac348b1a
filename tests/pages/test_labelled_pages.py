"""What the reader says about real pages, against what a careful person said."""

import pytest

from pennywren.observe.page import PageReading, read_page
from tests.pages.labelled import Label, labels, needed

_LABELS = labels()
_PRODUCTS = [label for label in _LABELS if label.kind == "product"]
_OTHERS = [label for label in _LABELS if label.kind != "product"]


def _read(label: Label) -> PageReading:
    return read_page(label.html, label.marketplace)


def _exact(reading: PageReading, label: Label) -> bool:
    offer = reading.offers.get("buybox")
    if reading.kind != "product" or offer is None or offer.price != label.price_minor:
        return False
    return offer.price is None or offer.currency == label.currency


def test_all_but_one_of_the_plain_product_pages_are_read_exactly() -> None:
    plain = [label for label in needed() if label.kind == "product" and not label.ambiguous]
    missed = [label.id for label in plain if not _exact(_read(label), label)]
    assert len(missed) <= 1, missed


@pytest.mark.parametrize("label", _PRODUCTS, ids=lambda label: label.id)
def test_no_price_is_ever_wrong(label: Label) -> None:
    """Refusing is allowed, guessing is not; ambiguous pages may be read as unpayable, but not as another price."""
    reading = _read(label)
    offer = reading.offers.get("buybox")
    if offer is not None and offer.price is not None:
        assert (offer.price, offer.currency) == (label.price_minor, label.currency)
    if reading.kind == "product":
        assert reading.product_id == f"{label.marketplace}:{label.asin}"
        assert reading.availability == label.availability
        assert reading.title
        assert reading.layout or reading.offers["buybox"].price is None
    else:
        assert reading.kind == "unreadable"
        assert reading.reason


@pytest.mark.parametrize("label", _OTHERS, ids=lambda label: label.id)
def test_other_pages_are_recognised_as_what_they_are(label: Label) -> None:
    reading = _read(label)
    assert (reading.kind, reading.product_id, reading.offers) == (label.kind, None, {})

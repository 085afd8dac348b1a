"""A page that is kept shows what the shop sells, and nobody who bought it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pennywren.observe.page import read_page
from pennywren.observe.scrub import without_people
from tests.pages.labelled import needed
from tests.unit.observe.made_pages import modern

REVIEWS = """
<script>var a = {"sessionId": "131-1234567-7654321", 'csrfToken':'gQ9x'}; var place = ">kept<";</script>
<div id="nav-global-location"><span id="glow-ingress-line2" class="nav-line-2">Jane 90210</span></div>
<div id="reviewsMedley"><div data-hook="review">
<a href="/gp/profile/amzn1.account.AGQ2ABC/ref=x"><span class="a-profile-name">Jane Roe</span></a>
<img alt="Picture of Jane Roe"><span>Write to jane.roe@example.com: I live in Springfield</span>
<script>var twister = {"price": "> 12.99 <"};</script></div></div>
"""


def test_what_people_wrote_and_who_they_are_is_taken_out_and_the_rest_stays() -> None:
    page = modern().replace("</body>", REVIEWS + "</body>").encode()
    kept = without_people(page)
    for word in (b"Jane", b"Springfield", b"90210", b"example.com", b"AGQ2ABC", b"1234567", b"gQ9x"):
        assert word in page
        assert word not in kept
    for word in (b'id="reviewsMedley"', b"var twister", b'"> 12.99 <"', b'">kept<"'):
        assert word in kept
    assert read_page(kept, "us") == read_page(modern().encode(), "us")


def test_real_pages_are_read_as_before_and_name_nobody() -> None:
    for label in needed()[:12]:
        kept = without_people(label.html)
        assert b"amzn1.account.A" not in kept
        before, after = read_page(label.html, label.marketplace), read_page(kept, label.marketplace)
        assert (after.kind, after.product_id, after.offers, after.reason) == (
            before.kind, before.product_id, before.offers, before.reason,
        )  # fmt: skip


@given(
    st.lists(st.sampled_from([b"<script>", b"</script>", b'<p id="reviewsMedley">', b"a@b.cc", b">", b"<", b"'x\""]))
)
def test_no_address_is_left_wherever_it_stands(pieces: list[bytes]) -> None:
    assert b"a@b.cc" not in without_people(b"".join(pieces))


@pytest.mark.parametrize("bomb", [b"<script ", b"session-id", b'class="', b"a@", b"a.", b"<", b"<p title='"])
def test_no_page_of_the_longest_kind_holds_anything_up(bomb: bytes) -> None:
    page = b'<p id="reviewsMedley">' + bomb * (1_000_000 // len(bomb))
    assert len(without_people(page)) <= len(page)

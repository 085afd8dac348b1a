"""Signed unsubscribe links."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pennywren.accounts.links import UNSUBSCRIBE
from pennywren.errors import NotFound

KEY = b"k" * 32
IDS = st.integers(0, 2**63 - 1)


@given(IDS)
def test_a_link_says_which_subscription_it_is_of(id_: int) -> None:
    token = UNSUBSCRIBE.sign(KEY, id_)

    assert UNSUBSCRIBE.read(KEY, token) == id_
    assert UNSUBSCRIBE.url("https://x.example", KEY, id_) == f"https://x.example/unsubscribe/{token}"


@given(IDS, st.integers(0, 31), st.characters())
def test_a_link_with_one_other_character_is_refused(id_: int, place: int, character: str) -> None:
    token = UNSUBSCRIBE.sign(KEY, id_)
    forged = token[:place] + character + token[place + 1 :]
    if forged != token:
        with pytest.raises(NotFound):
            UNSUBSCRIBE.read(KEY, forged)


@given(st.text(max_size=40) | st.text("AB-_=+/", min_size=32, max_size=32))
def test_what_we_did_not_write_is_refused(token: str) -> None:
    with pytest.raises(NotFound):
        UNSUBSCRIBE.read(KEY, token)


@given(IDS)
def test_another_key_signs_otherwise(id_: int) -> None:
    with pytest.raises(NotFound):
        UNSUBSCRIBE.read(b"other" * 6, UNSUBSCRIBE.sign(KEY, id_))

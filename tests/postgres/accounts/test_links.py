"""Signed unsubscribe links."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pennywren.accounts.links import read_unsubscribe, sign_unsubscribe, unsubscribe_url
from pennywren.errors import NotFound

KEY = b"k" * 32
IDS = st.integers(0, 2**63 - 1)


@given(IDS)
def test_a_link_says_which_subscription_it_is_of(id_: int) -> None:
    token = sign_unsubscribe(KEY, id_)

    assert read_unsubscribe(KEY, token) == id_
    assert unsubscribe_url("https://x.example", KEY, id_) == f"https://x.example/unsubscribe/{token}"


@given(IDS, st.integers(0, 31), st.characters())
def test_a_link_with_one_other_character_is_refused(id_: int, place: int, character: str) -> None:
    token = sign_unsubscribe(KEY, id_)
    forged = token[:place] + character + token[place + 1 :]
    if forged != token:
        with pytest.raises(NotFound):
            read_unsubscribe(KEY, forged)


@given(st.text(max_size=40) | st.text("AB-_=+/", min_size=32, max_size=32))
def test_what_we_did_not_write_is_refused(token: str) -> None:
    with pytest.raises(NotFound):
        read_unsubscribe(KEY, token)


@given(IDS)
def test_another_key_signs_otherwise(id_: int) -> None:
    with pytest.raises(NotFound):
        read_unsubscribe(b"other" * 6, sign_unsubscribe(KEY, id_))

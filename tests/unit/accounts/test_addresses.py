"""Which addresses may sign in: those that an alert can be mailed to later, and no others."""

from email.headerregistry import Address

import pytest

from pennywren.accounts.addresses import checked_address
from pennywren.errors import BadInput


@pytest.mark.parametrize(
    "typed",
    [
        "ada@example.com",
        " a.b.c@example.com ",
        "x'y@z.co",
        "a+tag=1@1.2.3.4",
        f"{'a' * 64}@example.com",
        "{a}@localhost",
    ],
)
def test_what_can_be_mailed_is_taken_as_it_stands(typed: str) -> None:
    address = checked_address(typed)
    assert address == typed.strip()
    assert Address(addr_spec=address).addr_spec == address


@pytest.mark.parametrize(
    "typed",
    [
        "", "@", "ada", "ada@", "@example.com", "a..b@example.com", ".a@example.com", "a.@example.com",
        f"{'a' * 65}@example.com", f"{'a.' * 40}a@example.com", "a@b@c", "a b@example.com", "a@-x.com", "a@x..com",
        "a@example.com\r\nBcc: b@example.com", "ädä@example.com", "a@" + "b" * 300, ("a." * 5_000) + "@x",
    ],
)  # fmt: skip
def test_what_cannot_be_mailed_is_refused(typed: str) -> None:
    with pytest.raises(BadInput):
        checked_address(typed)

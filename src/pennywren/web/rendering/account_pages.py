"""The pages of an account, as its navigation lists them: the name in the catalogue, and the address."""

from typing import Final

ACCOUNT_PAGES: Final = (
    ("watches", "/account"),
    ("import", "/account/import"),
    ("deliveries", "/account/deliveries"),
    ("preferences", "/account/preferences"),
    ("channels", "/account/channels"),
    ("connections", "/account/connections"),
    ("data", "/account/data"),
)

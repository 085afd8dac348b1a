"""The operations on access tokens. They take a session: no token makes another."""

from typing import Final

from pennywren.web.operations.operation import Operation
from pennywren.web.token_views import NewToken, TokenList, TokenView

TOKENS: Final = (
    Operation(
        "post",
        "/tokens",
        "createToken",
        "A new access token for a program of yours: it is shown this once",
        {201: TokenView},
        (400, 409, 413),
        "person",
        NewToken,
        example={"name": "Home assistant", "scopes": ["products:read", "watches:read"], "expiresInDays": 365},
    ),
    Operation("get", "/tokens", "listTokens", "Your access tokens", {200: TokenList}, auth="person"),
    Operation(
        "delete", "/tokens/{access_token}", "deleteToken", "Revoke an access token", {204: None}, (404,), "person"
    ),
)

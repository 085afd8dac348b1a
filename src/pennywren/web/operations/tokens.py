"""The operations on access tokens. They take a session: no token makes another."""

from typing import Final

from pennywren.web.operations.operation import Operation
from pennywren.web.shapes.pairing_views import NewPairing, NewPairingView, PairingView
from pennywren.web.shapes.token_views import NewToken, TokenList, TokenView

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
    ),
    Operation("get", "/tokens", "listTokens", "Your access tokens", {200: TokenList}, auth="person"),
    Operation(
        "delete", "/tokens/{access_token}", "deleteToken", "Revoke an access token", {204: None}, (404,), "person"
    ),
    Operation(
        "post",
        "/pairings",
        "beginPairing",
        "Let a browser ask to watch for somebody, perhaps with a first watch",
        {201: NewPairingView},
        (400, 413, 429),
        body=NewPairing,
    ),
    Operation("get", "/pairings/own", "getPairing", "Whether it was confirmed", {200: PairingView}, auth="pairing"),
    Operation(
        "delete", "/pairings/own", "endPairing", "End the token that this comes with", {204: None}, auth="pairing"
    ),
)

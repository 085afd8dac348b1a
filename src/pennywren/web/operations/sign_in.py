"""The operations on signing in and out."""

from typing import Final

from pennywren.web.operations.operation import Operation
from pennywren.web.shapes import views

SIGN_IN: Final = (
    Operation(
        "post",
        "/sign-in",
        "requestSignIn",
        "Ask for a sign-in link by mail",
        {202: views.SignInSent},
        (400, 413, 429),
        body=views.SignInRequest,
        form=True,
        html=True,
    ),
    Operation(
        "post",
        "/sign-in/{token}",
        "signIn",
        "Use a sign-in link: a bearer token for JSON, a cookie for a browser",
        {200: views.SessionView},
        (401,),
        query={"back": "For a browser: the page of ours that it goes on to."},
    ),
    Operation("post", "/sign-out", "signOut", "End the session", {204: None}),
)

"""Every operation of the API, one row each; `openapi` describes them, and the tests hold them against the routes."""

from dataclasses import dataclass, field
from typing import Any, Final, Literal

import msgspec

from pennywren.history.answer import History
from pennywren.web import views

Auth = Literal["open", "person"]
HTML: Final = "text/html"
JSON: Final = "application/json"
FORM: Final = "application/x-www-form-urlencoded"
TEXT: Final = "text/plain"


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path."""

    method: str
    path: str
    id: str
    summary: str
    answers: dict[int, Any]
    """What each status carries: a struct (JSON), True (JSON described elsewhere), a media type, or None for nothing."""
    problems: tuple[int, ...] = ()
    auth: Auth = "open"
    body: type[msgspec.Struct] | None = None
    form: bool = False
    html: bool = False
    query: dict[str, str] = field(default_factory=dict[str, str])


_PRODUCT: Final = "A product: `us:B08N5WRWNW`, a bare ASIN of the default marketplace, or an encoded product link."
PARAMETERS: Final = {
    "product": _PRODUCT,
    "subscription": "The id of one of your subscriptions.",
    "token": "The token of the link in the mail.",
    "slug": "The last part of a problem's `type`.",
}
_RANGE: Final = {
    "startTime": "Begin of the range: seconds since the epoch, or RFC 3339.",
    "endTime": "End of the range, likewise.",
    "offer": "`buybox` (if left out), `amazon`, `new` or `used`.",
    "interval": "`raw`, `hour`, `day`, `week` or `month` (also `daily`, `weekly`, `monthly`); by the span if left out.",
}
_PICTURE: Final = {
    "offer": _RANGE["offer"],
    "range": "How far back: `1m`, `3m`, `6m`, `1y` (if left out) or `all`.",
    "theme": "`light` (if left out) or `dark`.",
    "width": "Width in CSS pixels, 240 to 1600; 720 if left out. A PNG has twice as many pixels.",
    "height": "Height in CSS pixels, 120 to 900; 280 if left out.",
    "zero": "`1` to begin the axis of prices at zero; by default it shows what moved.",
}

OPERATIONS: Final = (
    Operation(
        "get",
        "/products/{product}",
        "getProduct",
        "A product now",
        {200: views.ProductView, 304: None},
        (400, 404),
        html=True,
    ),
    Operation(
        "get",
        "/products/{product}/history",
        "getHistory",
        "A product's past",
        {200: History, 304: None},
        (400, 404),
        query=_RANGE,
    ),
    Operation(
        "get",
        "/products/{product}/history.csv",
        "getHistoryCsv",
        "A product's past as CSV, for spreadsheets",
        {200: "text/csv", 304: None},
        (400, 404),
        query={**_RANGE, "interval": "As of the history; `raw`, every change, if left out."},
    ),
    *(
        Operation(
            "get",
            f"/products/{{product}}/chart.{kind}",
            f"getChart{kind.capitalize()}",
            f"A product's chart as {kind.upper()}, for mails and other pages",
            {200: media_type, 304: None},
            (400, 404),
            query=_PICTURE,
        )
        for kind, media_type in (("svg", "image/svg+xml"), ("png", "image/png"))
    ),
    Operation(
        "post",
        "/products",
        "trackProduct",
        "Follow a product",
        {200: views.TrackedView, 202: views.TrackedView},
        (400, 413, 429),
        body=views.NewProduct,
        form=True,
    ),
    Operation(
        "post",
        "/subscriptions",
        "createSubscription",
        "Watch a price",
        {201: views.SubscriptionView},
        (400, 403, 409, 413),
        "person",
        views.NewSubscription,
    ),
    Operation(
        "get",
        "/subscriptions",
        "listSubscriptions",
        "Your watches",
        {200: views.SubscriptionList},
        (400,),
        "person",
        query={"after": "The `next` of the page before."},
    ),
    Operation(
        "get",
        "/subscriptions/{subscription}",
        "getSubscription",
        "One watch",
        {200: views.SubscriptionView},
        (404,),
        "person",
    ),
    Operation(
        "patch",
        "/subscriptions/{subscription}",
        "changeSubscription",
        "Another threshold",
        {200: views.SubscriptionView},
        (400, 404, 413),
        "person",
        views.SubscriptionChange,
    ),
    Operation(
        "delete", "/subscriptions/{subscription}", "deleteSubscription", "Stop watching", {204: None}, (404,), "person"
    ),
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
    ),
    Operation("post", "/sign-out", "signOut", "End the session", {204: None}),
    Operation("get", "/unsubscribe/{token}", "confirmUnsubscribe", "The page with the button", {200: HTML}, (404,)),
    Operation(
        "post",
        "/unsubscribe/{token}",
        "unsubscribe",
        "Stop watching, by the link of a mail (RFC 8058)",
        {200: TEXT},
        (404, 413),
        html=True,
    ),
    Operation(
        "get",
        "/status",
        "getStatus",
        "Alerts of the last day and the time to alert",
        {200: views.StatusView},
        html=True,
    ),
    Operation(
        "get", "/healthz", "getHealth", "Whether the parts answer", {200: views.HealthView, 503: views.HealthView}
    ),
    Operation("get", "/metrics", "getMetrics", "What is counted, for Prometheus", {200: TEXT}, (403,)),
    Operation("get", "/problems/{slug}", "getProblem", "What a problem means", {200: True}, (404,), html=True),
    Operation("get", "/openapi.json", "getOpenAPI", "This description", {200: True}),
)

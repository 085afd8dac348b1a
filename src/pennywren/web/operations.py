"""Every operation of the API, one row each; `openapi` describes them, and the tests hold them against the routes."""

from dataclasses import dataclass, field
from typing import Any, Final, Literal

import msgspec

from pennywren.history.answer import History
from pennywren.web import channel_views, views
from pennywren.web.proofs import ProofView

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
    "timestamp": "A moment: seconds since the epoch, or RFC 3339; what was in force then is meant.",
    "subscription": "The id of one of your subscriptions.",
    "token": "The token of the link in the mail.",
    "phone": "The id of one of your numbers.",
    "browser": "The id of one of your browsers.",
    "webhook": "The id of one of your webhooks.",
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
        "get",
        "/products/{product}/points/{timestamp}/proof",
        "getProof",
        "Why a price is believed",
        {200: ProofView, 304: None},
        (400, 404),
        html=True,
        query={"offer": _RANGE["offer"]},
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
    Operation(
        "get",
        "/account/preferences",
        "getPreferences",
        "How you are told",
        {200: channel_views.PreferencesView},
        auth="person",
    ),
    Operation(
        "patch",
        "/account/preferences",
        "changePreferences",
        "Be told otherwise: channels, quiet hours, digest, budget, locale",
        {200: channel_views.PreferencesView},
        (400, 413),
        "person",
        channel_views.PreferencesChange,
    ),
    Operation(
        "get",
        "/account/email",
        "getEmailAddress",
        "Your address, and whether mails go there",
        {200: channel_views.EmailAddressView},
        auth="person",
    ),
    Operation(
        "post",
        "/account/email/resume",
        "resumeEmail",
        "Send mails again, whatever came back before",
        {200: channel_views.EmailAddressView},
        (413,),
        "person",
    ),
    Operation("get", "/account/phones", "listPhones", "Your numbers", {200: channel_views.PhoneList}, auth="person"),
    Operation(
        "post",
        "/account/phones",
        "addPhone",
        "Add a number: a code is on its way to it",
        {202: channel_views.PhoneView},
        (400, 409, 413, 429),
        "person",
        channel_views.NewPhone,
    ),
    Operation(
        "post",
        "/account/phones/{phone}/confirm",
        "confirmPhone",
        "The code that came by SMS",
        {200: channel_views.PhoneView},
        (400, 404, 409, 413),
        "person",
        channel_views.PhoneCode,
    ),
    Operation("delete", "/account/phones/{phone}", "deletePhone", "Forget a number", {204: None}, (404,), "person"),
    Operation(
        "get", "/push/key", "getPushKey", "The key that a browser subscribes with", {200: channel_views.PushKeyView}
    ),
    Operation(
        "get",
        "/account/push-subscriptions",
        "listPushSubscriptions",
        "Your browsers",
        {200: channel_views.PushSubscriptionList},
        auth="person",
    ),
    Operation(
        "post",
        "/account/push-subscriptions",
        "addPushSubscription",
        "Let a browser show notifications",
        {201: channel_views.PushSubscriptionView},
        (400, 409, 413),
        "person",
        channel_views.NewPushSubscription,
    ),
    Operation(
        "delete",
        "/account/push-subscriptions/{browser}",
        "deletePushSubscription",
        "Send nothing to a browser any more",
        {204: None},
        (404,),
        "person",
    ),
    Operation(
        "get",
        "/account/webhooks",
        "listWebhooks",
        "Your webhooks",
        {200: channel_views.WebhookList},
        auth="person",
    ),
    Operation(
        "post",
        "/account/webhooks",
        "addWebhook",
        "Add a webhook: its secret is shown this once",
        {201: channel_views.WebhookView},
        (400, 409, 413),
        "person",
        channel_views.NewWebhook,
    ),
    Operation(
        "post",
        "/account/webhooks/{webhook}/rotate",
        "rotateWebhook",
        "Sign with a new secret; the one before signs beside it for a day",
        {200: channel_views.WebhookView},
        (404, 413),
        "person",
    ),
    Operation(
        "post",
        "/account/webhooks/{webhook}/test",
        "testWebhook",
        "Send a ping",
        {200: channel_views.WebhookTest},
        (404, 413, 429),
        "person",
    ),
    Operation(
        "delete",
        "/account/webhooks/{webhook}",
        "deleteWebhook",
        "Send nothing there any more",
        {204: None},
        (404,),
        "person",
    ),
    Operation(
        "post",
        "/hooks/sms",
        "takeSms",
        "For the SMS gateway, signed: a message that came in; STOP and START are obeyed",
        {204: None},
        (400, 404, 413),
        body=channel_views.SmsEvent,
    ),
    Operation(
        "post",
        "/hooks/mail-events",
        "takeMailEvents",
        "For the mail provider, signed: bounces and complaints",
        {200: channel_views.MailEventsTaken},
        (400, 404, 413),
        body=channel_views.MailEvents,
    ),
    Operation(
        "get",
        "/stop-mails/{token}",
        "confirmStopMails",
        "The page with the button",
        {200: HTML},
        (404,),
    ),
    Operation(
        "post",
        "/stop-mails/{token}",
        "stopMails",
        "Stop all alert mails, by the link of a digest (RFC 8058)",
        {200: TEXT},
        (404, 413),
        html=True,
    ),
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

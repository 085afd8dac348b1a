"""The operations on where people are reached: phones, browsers, webhooks."""

from typing import Final

from pennywren.web import channel_views
from pennywren.web.operations.operation import Operation

CHANNELS: Final = (
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
)

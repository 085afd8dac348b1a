"""The operations on watches and targets."""

from typing import Final

from pennywren.web import views, watch_views
from pennywren.web.operations.operation import TEXT, Operation
from pennywren.web.operations.parameters import OFFER
from pennywren.web.quiet_watch import Tap

WATCHES: Final = (
    Operation(
        "get",
        "/products/{product}/suggestions",
        "getSuggestions",
        "Targets worth one click",
        {200: watch_views.SuggestionsView, 304: None},
        (400, 404),
        query={"offer": OFFER},
    ),
    Operation(
        "get",
        "/products/{product}/targets",
        "getTarget",
        "How often a target was met, when last, and the typical wait",
        {200: watch_views.TargetView, 304: None},
        (400, 404),
        query={"threshold": "The target, in minor units.", "offer": OFFER},
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
        example={"productID": "us:B08N5WRWNW", "threshold": 1299, "notificationType": "EMAIL"},
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
        "get",
        "/subscriptions/{subscription}/trace",
        "traceSubscription",
        "Why alerts of a watch came, or did not",
        {200: watch_views.TraceView},
        (404,),
        "person",
    ),
    Operation(
        "patch",
        "/subscriptions/{subscription}",
        "changeSubscription",
        "Another rule, a pause, a snooze, an end",
        {200: views.SubscriptionView},
        (400, 404, 409, 413),
        "person",
        views.SubscriptionChange,
        example={"threshold": 1199},
    ),
    Operation(
        "delete", "/subscriptions/{subscription}", "deleteSubscription", "Stop watching", {204: None}, (404,), "person"
    ),
    Operation(
        "post",
        "/watch/{token}",
        "quietWatch",
        "Snooze, pause or resume a watch, by the link of a mail",
        {200: TEXT},
        (400, 404, 413),
        body=Tap,
        form=True,
        html=True,
    ),
)

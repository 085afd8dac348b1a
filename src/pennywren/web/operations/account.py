"""The operations on an account."""

from typing import Final

from pennywren.web.operations.operation import Operation
from pennywren.web.operations.parameters import CURSOR
from pennywren.web.shapes import channel_views
from pennywren.web.shapes.delivery_views import DeliveryList
from pennywren.web.shapes.session_views import SessionList

ACCOUNT: Final = (
    Operation(
        "get",
        "/account/preferences",
        "getPreferences",
        "How you are told",
        {200: channel_views.PreferencesView},
        auth="person",
        html=True,
        scope="account:read",
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
        scope="account:write",
    ),
    Operation(
        "get",
        "/account/email",
        "getEmailAddress",
        "Your address, and whether mails go there",
        {200: channel_views.EmailAddressView},
        auth="person",
        scope="account:read",
    ),
    Operation(
        "post",
        "/account/email/resume",
        "resumeEmail",
        "Send mails again, whatever came back before",
        {200: channel_views.EmailAddressView},
        (413,),
        "person",
        scope="account:write",
    ),
    Operation(
        "get",
        "/account/deliveries",
        "listDeliveries",
        "What was sent to you, and what became of it",
        {200: DeliveryList},
        (400,),
        "person",
        html=True,
        query={"cursor": CURSOR},
        scope="account:read",
    ),
    Operation(
        "get",
        "/account/sessions",
        "listSessions",
        "Where you are signed in",
        {200: SessionList},
        (400,),
        "person",
        query={"cursor": CURSOR},
    ),
    Operation("delete", "/account/sessions/{session}", "deleteSession", "End a session", {204: None}, (404,), "person"),
)

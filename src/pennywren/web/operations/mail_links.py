"""The operations on the links of mails."""

from typing import Final

from pennywren.web.operations.operation import HTML, TEXT, Operation

MAIL_LINKS: Final = (
    Operation(
        "get",
        "/stop-mails/{token}",
        "confirmStopMails",
        "The page with the button",
        {200: HTML},
        (404,),
        any_query=True,
    ),
    Operation(
        "post",
        "/stop-mails/{token}",
        "stopMails",
        "Stop all alert mails, by the link of a digest (RFC 8058)",
        {200: TEXT},
        (404, 413),
        html=True,
        any_query=True,
    ),
    Operation(
        "get",
        "/watch/{token}",
        "confirmQuiet",
        "The page with the buttons of a watch",
        {200: HTML},
        (404,),
        any_query=True,
    ),
    Operation(
        "get",
        "/unsubscribe/{token}",
        "confirmUnsubscribe",
        "The page with the button",
        {200: HTML},
        (404,),
        any_query=True,
    ),
    Operation(
        "post",
        "/unsubscribe/{token}",
        "unsubscribe",
        "Stop watching, by the link of a mail (RFC 8058)",
        {200: TEXT},
        (404, 413),
        html=True,
        any_query=True,
    ),
)

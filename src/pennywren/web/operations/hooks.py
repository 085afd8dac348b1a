"""The operations on what gateways and providers tell us."""

from typing import Final

from pennywren.web.operations.operation import Operation
from pennywren.web.shapes import channel_views

HOOKS: Final = (
    Operation(
        "post",
        "/hooks/sms",
        "takeSms",
        "For the SMS gateway, signed: a message that came in; STOP and START are obeyed",
        {204: None},
        (400, 404, 413),
        body=channel_views.SmsEvent,
        any_query=True,
    ),
    Operation(
        "post",
        "/hooks/mail-events",
        "takeMailEvents",
        "For the mail provider, signed: bounces and complaints",
        {200: channel_views.MailEventsTaken},
        (400, 404, 413),
        body=channel_views.MailEvents,
        any_query=True,
    ),
)

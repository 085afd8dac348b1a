"""What gateways and mail providers tell us. Each request is signed with a key that the operator shares with them.

`X-Signature: t=SECONDS,v1=HEX`, where HEX is HMAC-SHA256 over `SECONDS.BODY`; five minutes of clock difference are
allowed. A hook whose key is not set is closed; while a key is replaced, the setting holds both, a line each.
"""

import hmac
import re
from typing import Final

from litestar import Response, post

from pennywren.accounts.phones import sender_number
from pennywren.errors import Forbidden, NotFound
from pennywren.notify import suppressed
from pennywren.postgres.pool import transaction
from pennywren.web.resources import resources_of
from pennywren.web.serving.body import read_body
from pennywren.web.serving.headers import PRIVATE
from pennywren.web.shapes.channel_views import MailEvents, MailEventsTaken, SmsEvent
from pennywren.web.types import Answer, Request

TOLERANCE_S: Final = 300
_SIGNATURE: Final = re.compile(r"t=([0-9]{1,12}),v1=([0-9a-f]{64})\Z")
# Those that carriers and the FCC (47 CFR 64.1200(a)(10)) name, and what Germans and French write.
_STOP: Final = frozenset(
    {"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT", "STOPP", "ARRET", "ARRÊT"}
)
_START: Final = frozenset({"START", "UNSTOP", "YES"})
_BETWEEN: Final = re.compile(r"[\s.!\"'-]+")
_OWN = {"cache-control": PRIVATE}


@post("/hooks/sms", status_code=200, from_anywhere=True, uncounted=True)
async def take_sms(request: Request) -> Answer:
    """A message that somebody sent to our number: STOP ends ours to them, START begins them again."""
    resources = resources_of(request)
    await _check(request, resources.settings.sms_hook_secret)
    event = await read_body(request, SmsEvent)
    word = _BETWEEN.sub("", event.text).upper()
    async with transaction(resources.pool) as connection:
        if word in _STOP:
            await suppressed.suppress(connection, "sms", sender_number(event.number), "stopped")
        elif word in _START:
            await suppressed.lift(connection, "sms", sender_number(event.number))
    return Response(None, status_code=204, headers=_OWN)


@post("/hooks/mail-events", status_code=200, from_anywhere=True, uncounted=True)
async def take_mail_events(request: Request) -> Answer:
    """Bounces and complaints: nothing is sent to those addresses any more."""
    resources = resources_of(request)
    await _check(request, resources.settings.mail_events_secret)
    told = await read_body(request, MailEvents)
    taken = 0
    for event in told.events:
        taken += await resources.bounces.take(
            kind=event.type,
            return_path=event.return_path,
            message_id=event.message_id,
            permanent=event.permanent,
            detail=event.detail,
        )
    return Response(MailEventsTaken(taken), headers=_OWN)


async def _check(request: Request, secret: str | None) -> None:
    """See that whoever sent this has the key.

    Raises:
        NotFound: the hook is closed.
        Forbidden: the signature is missing, wrong, or of another time.
    """
    if not secret:
        raise NotFound("This hook is closed: its key is not set.")
    found = _SIGNATURE.match(request.headers.get("x-signature", ""))
    if found is None:
        raise Forbidden("X-Signature must be t=SECONDS,v1=HEX.")
    body = await request.body()
    wanted = [signature(each, int(found[1]), body) for each in secret.splitlines()]
    if not any(hmac.compare_digest(found[2], each) for each in wanted):
        raise Forbidden("The signature is not that of this body with our key.")
    if abs(resources_of(request).clock() // 1000 - int(found[1])) > TOLERANCE_S:
        raise Forbidden("The signature is of another time: send it again with the present one.")


def signature(secret: str, seconds: int, body: bytes) -> str:
    """HMAC-SHA256 over `SECONDS.BODY`, in hex."""
    return hmac.digest(secret.encode(), b"%d." % seconds + body, "sha256").hex()

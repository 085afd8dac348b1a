"""The end of all alert mails, by the link of a digest: GET shows a button, POST acts (RFC 8058)."""

from litestar import get, post
from litestar.params import FromPath

from pennywren.accounts.links import STOP_MAILS
from pennywren.accounts.people import email_of
from pennywren.notify.suppressed import suppress
from pennywren.postgres.pool import transaction
from pennywren.web.rendering.pages import VARY, html_page, language_of, plain_sentence
from pennywren.web.resources import resources_of
from pennywren.web.serving.headers import PRIVATE
from pennywren.web.serving.negotiation import prefers_html
from pennywren.web.types import Answer, Request

_OWN = {"cache-control": PRIVATE, "vary": VARY}


@get("/stop-mails/{token:str}")
async def confirm_stop_mails(request: Request, token: FromPath[str]) -> Answer:
    """The page with the button; it changes nothing."""
    STOP_MAILS.read(resources_of(request).unsubscribe_key, token)
    return html_page(request, "stop-mails.html", headers=_OWN, token=token, done=False)


@post("/stop-mails/{token:str}", status_code=200, from_anywhere=True)
async def stop_mails(request: Request, token: FromPath[str]) -> Answer:
    """Send no alert mails to this person any more; the account can begin them again."""
    resources = resources_of(request)
    person = STOP_MAILS.read(resources.unsubscribe_key, token)
    async with transaction(resources.pool) as connection:
        email = await email_of(connection, person)
        if email is not None:
            await suppress(connection, "email", email, "unsubscribed")
    if prefers_html(request.headers.get("accept")):
        return html_page(request, "stop-mails.html", headers=_OWN, token=token, done=True)
    speaking = language_of(request)
    return plain_sentence(speaking.say("stop.done_text"), speaking, _OWN)

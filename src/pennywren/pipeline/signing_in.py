"""Sign-in mails: the link is made and handed to the mail server before the answer, so that "sent" is true.

The link is in no queue and no log: it exists in the mail, and as a hash in PostgreSQL.
"""

from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from html import escape

import aiosmtplib

from pennywren.accounts.signing_in import LINK_LIFETIME, admit_request, make_link
from pennywren.errors import Unavailable
from pennywren.model.clock import MINUTE, Clock
from pennywren.notify.channels.email.message import read_sender
from pennywren.notify.channels.email.smtp import TIMEOUT, delivery_error, read_smtp_url
from pennywren.postgres.moments import to_moment
from pennywren.postgres.pool import Pool
from pennywren.settings import Settings
from pennywren.store.connect import Client


class SigningIn:
    """Sends sign-in links."""

    def __init__(self, pool: Pool, client: Client, settings: Settings, clock: Clock) -> None:
        self._pool = pool
        self._client = client
        self._settings = settings
        self._clock = clock

    async def send_link(self, email: str, network: str) -> None:
        """Send a link to an address, whoever it belongs to; the same work for all of them.

        Raises:
            BadInput: not an e-mail address.
            RateLimited: too many links for this address or from this network.
            DeliveryError: the mail server does not take the mail.
            Unavailable: a part does not answer, or there is no mail server.
        """
        if self._settings.smtp_url is None:
            raise Unavailable("No mail can be sent from here: PENNYWREN_SMTP_URL is not set.", retry_after=60)
        address = await admit_request(self._client, email, network)
        now = self._clock()
        token = await make_link(self._pool, address, now)
        await self._send(
            self._settings.smtp_url, self._mail(address, f"{self._settings.base_url}/sign-in/{token}", now)
        )

    def _mail(self, address: str, link: str, now: int) -> EmailMessage:
        minutes = LINK_LIFETIME // MINUTE
        mail = EmailMessage()
        mail["Subject"] = "Your sign-in link for Pennywren"
        mail["From"] = self._settings.mail_from
        mail["To"] = address
        mail["Date"] = format_datetime(to_moment(now))
        mail["Message-ID"] = make_msgid(domain=read_sender(self._settings.mail_from)[1].rpartition("@")[2])
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(
            f"Sign in to Pennywren:\n\n{link}\n\nThe link works once, for {minutes} minutes.\n"
            "If you did not ask for it, ignore this mail: nothing happens without the link.\n"
        )
        mail.add_alternative(
            '<!doctype html><html lang="en"><meta name="color-scheme" content="light dark">'
            '<body style="font: 16px/1.5 system-ui, sans-serif; max-width: 32rem; margin: 1rem auto; padding: 0 1rem">'
            f'<p>Sign in to Pennywren:</p><p><a href="{escape(link)}">{escape(link)}</a></p>'
            f"<p>The link works once, for {minutes} minutes. If you did not ask for it, ignore this mail: "
            "nothing happens without the link.</p></body></html>",
            subtype="html",
        )
        return mail

    async def _send(self, smtp_url: str, mail: EmailMessage) -> None:
        server = read_smtp_url(smtp_url)
        try:
            await aiosmtplib.send(
                mail,
                hostname=server.host,
                port=server.port,
                use_tls=server.tls,
                username=server.user,
                password=server.password,
                timeout=TIMEOUT,
            )
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as fault:
            raise delivery_error(fault) from fault

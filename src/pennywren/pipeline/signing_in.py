"""Sign-in mails: the link is made and handed to the mail server before the answer, so that "sent" is true.

The link is in no queue and no log: it exists in the mail, and as a hash in PostgreSQL.
"""

from email.message import EmailMessage
from urllib.parse import urlencode

import aiosmtplib

from pennywren.accounts.signing_in import LINK_LIFETIME, admit_request, make_link
from pennywren.errors import Unavailable
from pennywren.language.speaking import Language
from pennywren.model.clock import MINUTE, Clock
from pennywren.notify.channels.email.message import LinkMail, compose_link
from pennywren.notify.channels.email.smtp import TIMEOUT, delivery_error, read_smtp_url
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

    async def send_link(self, email: str, network: str, speaking: Language, back: str = "") -> None:
        """Send a link to an address, whoever it belongs to; the same work for all of them. It leads on to `back`.

        Raises:
            BadInput: not an e-mail address.
            RateLimited: too many links for this address or from this network.
            DeliveryError: the mail server does not take the mail.
            Unavailable: a part does not answer, or there is no mail server.
        """
        address = await self.admit(email, network)
        token = await make_link(self._pool, address, self._clock())
        query = f"?{urlencode({'back': back})}" if back else ""
        note = speaking.say("mail.sign_in_note", minutes=LINK_LIFETIME // MINUTE)
        subject, text = speaking.say("mail.sign_in_subject"), speaking.say("mail.sign_in_text")
        await self.send(address, subject, text, f"/sign-in/{token}{query}", note, speaking)

    async def admit(self, email: str, network: str) -> str:
        """Check and count a wish for a mail with a link; answers the address to send it to.

        Raises:
            BadInput: not an e-mail address.
            RateLimited: too many links for this address or from this network.
            Unavailable: a part does not answer, or there is no mail server.
        """
        if self._settings.smtp_url is None:
            raise Unavailable("No mail can be sent from here: PENNYWREN_SMTP_URL is not set.", retry_after=60)
        return await admit_request(self._client, email, network)

    async def send(self, address: str, subject: str, text: str, path: str, note: str, speaking: Language) -> None:
        """Send a mail whose point is one link, to a `path` of ours, to an address that was admitted.

        Raises:
            DeliveryError: the mail server does not take the mail.
        """
        said = LinkMail(speaking.code, subject, text, f"{self._settings.base_url}{path}", note)
        await self._send(
            self._settings.smtp_url or "", compose_link(said, address, self._settings.mail_from, self._clock())
        )

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

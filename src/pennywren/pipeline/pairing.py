"""Browsers that act for people: asked for by the extension, confirmed by the link of a mail or by a code."""

from pennywren.accounts import pairings, people, subscriptions
from pennywren.accounts.pairings import FirstWatch, NewPairing, Pairing
from pennywren.language.speaking import Language
from pennywren.model.clock import Clock
from pennywren.pipeline.signing_in import SigningIn
from pennywren.pipeline.watching_by_mail import WatchingByMail
from pennywren.postgres.pool import Pool, transaction


class PairingBrowsers:
    """What becomes of a browser that wants to watch for somebody."""

    def __init__(self, pool: Pool, signing_in: SigningIn, watching: WatchingByMail, clock: Clock) -> None:
        self._pool = pool
        self._signing_in = signing_in
        self._watching = watching
        self._clock = clock

    async def begin(self, email: str | None, watch: FirstWatch | None, network: str, speaking: Language) -> NewPairing:
        """Keep the wish; with an address, send the link that confirms it there: the same work whoever it belongs to.

        Raises:
            BadInput: not an e-mail address, or not a threshold.
            RateLimited: too many links for this address or from this network.
            DeliveryError: the mail server does not take the mail.
            Unavailable: a part does not answer, or there is no mail server.
        """
        if watch is not None:
            subscriptions.checked_threshold(watch.threshold)
        address = None if email is None else await self._signing_in.admit(email, network)
        async with transaction(self._pool) as connection:
            made = await pairings.begin(connection, address, watch, self._clock())
        if address is not None:
            await self._signing_in.send(
                address,
                speaking.say("mail.pair_subject"),
                speaking.say("mail.pair_text", code=made.pairing.code),
                f"/pair/{made.link}",
                speaking.say("mail.pair_note"),
                speaking,
            )
        return made

    async def confirm_link(self, link: str, language: str) -> Pairing:
        """The address is theirs, and so is the browser: the person is added if there is none, and the watch is made.

        Raises:
            NotFound: the link is over, or was used.
            Conflict: the person has as many access tokens as one may have.
            PlanLimit: the person holds as many watches as the plan allows; the browser is paired all the same.
            Unavailable: a part does not answer.
        """
        async with transaction(self._pool) as connection:
            pairing = await pairings.of_link(connection, link, self._clock())
            person = await people.find_or_add(connection, pairing.email or "", language)
            await pairings.confirm(connection, pairing, person.id, self._clock())
        await self._make_watch(pairing, person.id)
        return pairing

    async def confirm_code(self, code: str, person_id: int) -> Pairing:
        """Whoever is signed in takes the browser that shows a code.

        Raises:
            NotFound: no browser waits with this code.
            Conflict, PlanLimit, Unavailable: likewise.
        """
        async with transaction(self._pool) as connection:
            pairing = await pairings.of_code(connection, code, self._clock())
            await pairings.confirm(connection, pairing, person_id, self._clock())
        await self._make_watch(pairing, person_id)
        return pairing

    async def _make_watch(self, pairing: Pairing, person_id: int) -> None:
        if pairing.watch is not None:
            await self._watching.set_target(person_id, pairing.watch.product, pairing.watch.threshold)

"""A watch with only an address: a mail with a link, and the subscription once the link is confirmed."""

from pennywren.accounts import pending_watches, people, subscriptions
from pennywren.accounts.pending_watches import PendingWatch
from pennywren.accounts.subscriptions import NotificationType
from pennywren.errors import Conflict
from pennywren.language.speaking import Language
from pennywren.model.clock import Clock
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.rule import PriceAtOrBelow
from pennywren.pipeline.amending import Amendment
from pennywren.pipeline.signing_in import SigningIn
from pennywren.pipeline.subscribing import Subscribing
from pennywren.postgres.pool import Pool, transaction

_PAGE = 1_000


class WatchingByMail:
    """What somebody without an account can do about a watch."""

    def __init__(self, pool: Pool, signing_in: SigningIn, subscribing: Subscribing, clock: Clock) -> None:
        self._pool = pool
        self._signing_in = signing_in
        self._subscribing = subscribing
        self._clock = clock

    async def ask(self, wish: PendingWatch, title: str, price: str, network: str, speaking: Language) -> None:
        """Send the link that confirms a wish; the same work whoever the address belongs to.

        Raises:
            BadInput: not an e-mail address, or not a threshold.
            RateLimited: too many links for this address or from this network.
            DeliveryError: the mail server does not take the mail.
            Unavailable: a part does not answer, or there is no mail server.
        """
        subscriptions.checked_threshold(wish.threshold)
        address = await self._signing_in.admit(wish.email, network)
        kept = PendingWatch(address, wish.product, wish.threshold)
        token = await pending_watches.keep(self._pool, kept, self._clock())
        said = {"product": title, "price": price}
        await self._signing_in.send(
            address,
            speaking.say("mail.watch_subject", **said),
            speaking.say("mail.watch_text", **said),
            f"/begin/{token}",
            speaking.say("mail.watch_note"),
            speaking,
        )

    async def confirm(self, token: str, language: str) -> ProductID:
        """Make the watch of a link; a second time changes nothing.

        Raises:
            NotFound: no such link, or its days are over.
            PlanLimit: the person holds as many watches as the plan allows.
            Unavailable: a part does not answer.
        """
        async with transaction(self._pool) as connection:
            wish = await pending_watches.find(connection, token, self._clock())
            person = await people.find_or_add(connection, wish.email, language)
        await self.set_target(person.id, wish.product, wish.threshold)
        return wish.product

    async def set_target(self, person_id: int, product: ProductID, threshold: int) -> int:
        """Watch the buy box price by mail; where the person does so already, at another target. The subscription's id.

        Raises:
            BadInput: not a threshold.
            PlanLimit: the person holds as many watches as the plan allows.
            Unavailable: a part does not answer.
        """
        rule = PriceAtOrBelow(threshold)
        try:
            made = await self._subscribing.subscribe(person_id, product, Offer.BUYBOX, rule, NotificationType.EMAIL)
        except Conflict:
            existing = await self._existing(person_id, product)
            if existing is None:
                raise
            made = await self._subscribing.change(person_id, existing, Amendment(rule=rule))
        return made.subscription.id

    async def _existing(self, person_id: int, product: ProductID) -> int | None:
        async with transaction(self._pool) as connection:
            held = await subscriptions.list_of(connection, person_id, limit=_PAGE)
        for each in held:
            if each.product == product and each.offer is Offer.BUYBOX and isinstance(each.rule, PriceAtOrBelow):
                return each.id
        return None

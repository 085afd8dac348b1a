"""Why an alert came, or did not: what was decided about the last changes of a watch's price, and what was not crossed.

Decisions and alerts are rows; a change that did not cross the watch left none, and is explained when somebody asks,
from the history and the rule of now.
"""

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from pennywren.accounts.subscription import State, Subscription
from pennywren.history.changes import last_changes
from pennywren.history.sighting import first_seen, in_force, was_hearsay
from pennywren.language.catalogue import DEFAULT
from pennywren.language.speaking import Language, language
from pennywren.model.change import PriceChange
from pennywren.model.observation import Source
from pennywren.model.offer import Offer
from pennywren.model.provenance import Proofs
from pennywren.model.rule import crosses
from pennywren.model.series import Steps
from pennywren.notify import decisions, receipts
from pennywren.notify.decisions import KEPT, Decision, reason_words
from pennywren.notify.receipts import FOLLOWS_NO_CHANGE, Receipt
from pennywren.notify.telling import withheld
from pennywren.notify.uncrossed import why_not
from pennywren.pipeline.watched import watching_of
from pennywren.postgres.pool import Pool, transaction
from pennywren.store.proofs import proofs_of
from pennywren.store.store import Store

ENGLISH: Final = language(DEFAULT)


@dataclass(frozen=True, slots=True)
class Explained:
    """What became of one change. `at` is ms UTC, prices minor units."""

    change_id: str
    at: int
    old_price: int | None
    new_price: int | None
    code: str
    """`told`, a reason of `notify.decisions`, `notCrossed`, or `notDecided`."""
    text: str
    decisions: tuple[Decision, ...] = ()
    receipt: Receipt | None = None

    @property
    def moved(self) -> bool:
        """Whether it is a change of the price, and not an alert that tells the price as it was."""
        return self.receipt is None or self.receipt.about not in FOLLOWS_NO_CHANGE


@dataclass(frozen=True, slots=True)
class Trace:
    """A watch, explained; the newest change first."""

    subscription: Subscription
    text: str
    changes: tuple[Explained, ...]


class Explainer:
    """Explains watches. `cooldown` is that of watches without one of their own."""

    def __init__(self, pool: Pool, store: Store, cooldown: timedelta) -> None:
        self._pool = pool
        self._store = store
        self._cooldown = cooldown

    async def explain(self, of: Subscription, count: int = KEPT, *, speaking: Language = ENGLISH) -> Trace:
        """What was decided about the last `count` changes, in the words of a language.

        Raises:
            Unavailable: PostgreSQL or Redis does not answer.
        """
        async with transaction(self._pool) as connection:
            alerts = await receipts.last(connection, of.id, count)
            decided = await decisions.last(connection, of.id, count)
        state = await self._store.product(of.product)
        offer = state.offers.get(of.offer) if state else None
        changes: list[PriceChange] = []
        if state is not None and offer is not None:
            steps = await self._store.steps(of.product, of.offer, 0, offer.last_seen + 1)
            proofs = await proofs_of(self._store.client, of.product)
            changes = [
                replace(each, source=Source.REPORT) if was_hearsay(of.offer, each.at, proofs) else each
                for each in last_changes(of.product, of.offer, state.currency, steps, count)
            ]
            alerts = [_sighted(each, of.offer, steps, proofs) for each in alerts]
        merged = self._merge(of, changes, alerts, decided, speaking)
        return Trace(of, self._now(of, speaking), tuple(merged[:count]))

    def _now(self, of: Subscription, speaking: Language) -> str:
        text = speaking.say(f"trace.{of.state}")
        if of.place is None:
            return speaking.say("trace.no_base", now=text)
        if of.snoozed_until is not None and of.state is State.ACTIVE:
            return speaking.say("trace.snoozed", now=text)
        return text

    def _merge(
        self,
        of: Subscription,
        changes: list[PriceChange],
        alerts: list[Receipt],
        decided: list[Decision],
        speaking: Language,
    ) -> list[Explained]:
        by_change: defaultdict[str, list[Decision]] = defaultdict(list)
        for each in decided:
            by_change[each.change_id].append(each)
        told = {each.change_id: each for each in alerts}
        found: dict[str, Explained] = {}
        for change in changes:
            id_ = change.change_id
            receipt, reasons = told.get(id_), tuple(by_change.get(id_, ()))
            code, text = _outcome(receipt, reasons, speaking) or self._computed(of, change, speaking)
            found[id_] = Explained(id_, change.at, change.old, change.new, code, text, reasons, receipt)
        for id_ in (*told, *by_change):
            if id_ not in found:
                receipt, reasons = told.get(id_), tuple(by_change.get(id_, ()))
                outcome = _outcome(receipt, reasons, speaking)
                assert outcome is not None  # there is one or the other
                at, new = (_moment_of(receipt), receipt.new_price) if receipt else _read_id(id_, reasons[0].at)
                old = receipt.old_price if receipt else None
                found[id_] = Explained(id_, at, old, new, *outcome, reasons, receipt)
        return sorted(found.values(), key=lambda each: each.at, reverse=True)

    def _computed(self, of: Subscription, change: PriceChange, speaking: Language) -> tuple[str, str]:
        at, watching = of.place, watching_of(of, self._cooldown)
        if at is None or watching is None:
            return "notCrossed", speaking.say("trace.base_unknown")
        if change.at < of.armed_at:
            return "beforeArmed", reason_words(speaking, decisions.Reason.BEFORE_ARMED)
        if not crosses(change, at):
            return "notCrossed", why_not(at, change, speaking)
        reason = withheld(watching, change)
        if reason is not None:
            return reason.value, reason_words(speaking, reason)
        return "notDecided", speaking.say("trace.not_decided")


def _sighted(of: Receipt, offer: Offer, steps: Steps, proofs: Proofs) -> Receipt:
    """A receipt with who saw its price when; a correction's has it from the alert that it corrects."""
    if of.about == "change":
        return replace(of, seen_at=first_seen(offer, of.verified_at, steps, proofs))
    if of.about in FOLLOWS_NO_CHANGE:
        seen_at, verified_at = in_force(offer, of.decided_at, steps, proofs)
        return replace(of, seen_at=seen_at, verified_at=verified_at)
    return of


def _moment_of(of: Receipt) -> int:
    return of.decided_at if of.about in FOLLOWS_NO_CHANGE else of.verified_at


def _outcome(receipt: Receipt | None, reasons: tuple[Decision, ...], speaking: Language) -> tuple[str, str] | None:
    if receipt is not None:
        return "told", speaking.say(f"trace.{receipt.about}")
    return (reasons[0].reason.value, reason_words(speaking, reasons[0].reason)) if reasons else None


def _read_id(change_id: str, otherwise: int) -> tuple[int, int | None]:
    """When and what price a change's id says; it is not in the history any more."""
    parts = change_id.split("/")
    if len(parts) != 4 or not parts[2].isdigit():
        return otherwise, None
    return int(parts[2]), int(parts[3]) if parts[3].isdigit() else None

"""What becomes of claimed alerts: sent now over a channel, held, dropped, or given up. Everything is read and kept in
one transaction, in which the budgets of the people concerned are theirs alone."""

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from pennywren.accounts import preferences
from pennywren.accounts.preferences import Preferences
from pennywren.logs import about
from pennywren.notify import deliveries
from pennywren.notify.decisions import Reason, remember
from pennywren.notify.deliveries import Claimed
from pennywren.notify.holding import Habits, Held, hold, quiet_hold
from pennywren.notify.routing import Step, Tried, next_step, order
from pennywren.notify.still_true import is_still_true
from pennywren.notify.wording import zone_or_none
from pennywren.pipeline.addressing import Reachable, reachable
from pennywren.pipeline.composing import Parcel, States
from pennywren.postgres.pool import Connection

UNKNOWN_WAITS: Final = timedelta(seconds=60)
"""How long what was held waits on while its present price cannot be read."""

_HELD_FOR: Final = {
    "quietHours": Reason.QUIET_HOURS,
    "digest": Reason.DIGEST,
    "budget": Reason.BUDGET,
    "snoozed": Reason.SNOOZED,
}

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Known:
    """What is known of the people and the alerts of one claim."""

    preferences: dict[int, Preferences]
    reachable: dict[int, Reachable]
    tried: dict[int, dict[str, Tried]]
    told: dict[int, list[int]]
    """When (ms UTC) people with a budget were sent messages, oldest first."""
    parcels: list[Parcel] = field(default_factory=list[Parcel])
    given_up: list[Claimed] = field(default_factory=list[Claimed])
    """Those that cannot be sent, though somebody wants them."""

    def step(self, claimed: Claimed, names: Mapping[str, str]) -> Step:
        """Over which channel an alert goes next; `names` are the channels' own, by notification type."""
        wishes = self.preferences[claimed.person_id]
        so_far = self.tried.get(claimed.alert_id, {})
        by_kind = {kind: so_far[name] for kind, name in names.items() if name in so_far}
        ways = order(claimed.notification_type, wishes.channels)
        return next_step(ways, self.reachable[claimed.person_id].keys(), by_kind)


class Sorter:
    """Sorts claimed alerts. `names` are the channels' own names by notification type."""

    def __init__(self, names: Mapping[str, str], webhook_key: bytes) -> None:
        self._names = names
        self._webhook_key = webhook_key

    async def sort(self, connection: Connection, claimed: Sequence[Claimed], states: States | None, now: int) -> Known:
        """Keep what is not sent now; the parcels that are. `states` is None while Redis does not answer."""
        known = await self._look_up(connection, claimed, now)
        going: list[tuple[Claimed, Step]] = []
        for each in claimed:
            step = known.step(each, self._names)
            if not each.is_wanted:
                await give_up(connection, each, Reason.PAUSED, now)
            elif step.kind is None:
                await self._finish(connection, each, step, known, now)
            elif each.snoozed_until is not None and now < each.snoozed_until:
                await _hold(connection, each, Held(each.snoozed_until, "snoozed"), now)
            elif each.held_for is not None and states is None:
                await deliveries.settle(connection, [each], "retry", UNKNOWN_WAITS)
            elif each.is_overtaken or (each.held_for is not None and not _is_true(each, states or {})):
                await deliveries.settle(connection, [each], "dropped")
                await _say_why(connection, each, Reason.NO_LONGER_TRUE, now)
            else:
                going.append((each, step))
        for parcel in self._parcels(going, known, states or {}):
            held = self._hold(parcel, known, now)
            if held is None:
                known.parcels.append(parcel)
                known.told.setdefault(parcel.first.person_id, []).append(now)
                continue
            for each in parcel.claimed:
                await _hold(connection, each, held, now)
        return known

    async def _look_up(self, connection: Connection, claimed: Sequence[Claimed], now: int) -> Known:
        people = {each.person_id: each for each in claimed}
        said = await preferences.of_people(connection, list(people), lock=True)
        limited = [person for person, wishes in said.items() if wishes.weekly_budget is not None]
        ids = [each.alert_id for each in claimed]
        emails = {person: each.email for person, each in people.items()}
        return Known(
            preferences={
                person: said.get(person) or Preferences(locale=each.language) for person, each in people.items()
            },
            reachable=await reachable(connection, emails, list(self._names), self._webhook_key, now),
            tried=await deliveries.tried(connection, [each.alert_id for each in claimed if each.attempt > 1]),
            told=await deliveries.told(connection, limited, ids) if limited else {},
        )

    async def _finish(self, connection: Connection, claimed: Claimed, step: Step, known: Known, now: int) -> None:
        """No channel is left: everything is done, or nothing can be."""
        if step.delivered:
            await deliveries.settle(connection, [claimed], "delivered")
            return
        known.given_up.append(claimed)
        if known.tried.get(claimed.alert_id):
            await deliveries.settle(connection, [claimed], "failed")
        elif known.reachable[claimed.person_id].email_suppressed:
            await give_up(connection, claimed, Reason.SUPPRESSED, now)
        else:
            await give_up(connection, claimed, Reason.NO_CHANNEL, now)

    def _parcels(self, going: Sequence[tuple[Claimed, Step]], known: Known, states: States) -> list[Parcel]:
        """One for each alert, and one for each digest."""
        digests: defaultdict[tuple[int, str, tuple[str, ...]], list[Claimed]] = defaultdict(list)
        parcels: list[Parcel] = []
        for each, step in going:
            kind = step.kind or ""
            if each.held_for == "digest":
                digests[each.person_id, kind, step.addresses].append(each)
            else:
                parcels.append(self._parcel([each], kind, step.addresses, known, states))
        for (_, kind, keys), several in digests.items():
            parcels.append(self._parcel(several, kind, keys, known, states))
        return parcels

    def _parcel(self, claimed: list[Claimed], kind: str, keys: Sequence[str], known: Known, states: States) -> Parcel:
        person = claimed[0].person_id
        addresses = known.reachable[person].addresses[kind]
        return Parcel(claimed, kind, [addresses[key] for key in keys], known.preferences[person], states)

    def _hold(self, parcel: Parcel, known: Known, now: int) -> Held | None:
        """Whether a parcel waits. A program's is sent at once: quiet hours, digest and budget are for people.
        So is a correction: whoever was told something wrong must know before they act on it."""
        first = parcel.first
        if first.asked.about == "correction" or parcel.kind == "WEBHOOK":
            return None
        habits = habits_of(parcel.preferences)
        if first.alert_id in known.tried:
            # It was let go before: a digest and a budget have had their say, and only the night may still come between.
            return None if first.held_for == "digest" else quiet_hold(now, habits)
        return hold(now, habits, known.told.get(first.person_id, []), first.held_for)


async def give_up(connection: Connection, claimed: Claimed, reason: Reason, now: int) -> None:
    """Keep that an alert is not sent over any channel, and why."""
    await deliveries.record_none(connection, [claimed], reason)
    await deliveries.settle(connection, [claimed], "failed")
    await _say_why(connection, claimed, reason, now)


async def _hold(connection: Connection, claimed: Claimed, held: Held, now: int) -> None:
    await deliveries.hold(connection, claimed, held)
    await _say_why(connection, claimed, _HELD_FOR[held.cause], now)


async def _say_why(connection: Connection, claimed: Claimed, reason: Reason, now: int) -> None:
    """Keep, and log, why an alert is not sent now."""
    await remember(connection, claimed.subscription_id, claimed.change_id, reason, now)
    with about(alert=claimed.alert_id, product=claimed.product):
        _log.info("not sent now: %s", reason)


def habits_of(wishes: Preferences) -> Habits:
    """What of a person's preferences decides when."""
    zone = zone_or_none(wishes.time_zone)
    return Habits(
        **({} if zone is None else {"zone": zone}),
        quiet=wishes.quiet,
        digest=wishes.digest,
        digest_hour=wishes.digest_hour,
        digest_weekday=wishes.digest_weekday,
        budget=wishes.weekly_budget,
    )


def _is_true(claimed: Claimed, states: States) -> bool:
    state = states.get(claimed.product)
    return is_still_true(state, claimed.currency, claimed.asked, claimed.old_price, claimed.price)

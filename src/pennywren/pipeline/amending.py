"""What a person may change of a subscription, and what follows from it: pure."""

from dataclasses import dataclass, replace
from typing import Final

from msgspec import UNSET, UnsetType

from pennywren.accounts.subscription import MAX_REARM, NotificationType, State, Subscription, notice_of
from pennywren.errors import BadInput
from pennywren.model.clock import DAY
from pennywren.model.rule import Rule

_LONGEST_SNOOZE: Final = 366 * DAY
_LATEST_END: Final = 3660 * DAY


@dataclass(frozen=True, slots=True)
class Terms:
    """How a watch behaves, whatever it waits for."""

    once: bool = False
    """Whether it ends with its first alert."""
    rearm_after: int | None = None
    """Seconds between two alerts; None: as the installation says."""
    expires_at: int | None = None
    """Milliseconds UTC."""

    def check(self, now: int) -> None:
        """Refuse what cannot be.

        Raises:
            BadInput: a time lies in the past or too far away, or a period is too long.
        """
        _check_rearm(self.rearm_after)
        _check_end(self.expires_at, now)


@dataclass(frozen=True, slots=True)
class Amendment:
    """What is to be different; UNSET (None where None means nothing) leaves it as it is. Times are ms UTC."""

    rule: Rule | None = None
    once: bool | None = None
    rearm_after: int | UnsetType | None = UNSET
    expires_at: int | UnsetType | None = UNSET
    snoozed_until: int | UnsetType | None = UNSET
    state: State | None = None
    """ACTIVE or PAUSED: the others are not a person's to set."""
    notification_type: NotificationType | None = None


def amended(of: Subscription, by: Amendment, now: int) -> Subscription:
    """The subscription as it is after the change at `now` (ms UTC).

    Another rule arms it anew and ends the cooldown of the old one's last alert. What had ended goes on again with
    another rule or a later end, or when it is set active; from then on, too, only what is seen after counts.

    Raises:
        BadInput: a time lies in the past or too far away, or a period is too long.
    """
    changed = of
    if by.once is not None:
        changed = replace(changed, once=by.once)
    if by.notification_type is not None:
        changed = replace(changed, notification_type=by.notification_type)
    if by.rearm_after is not UNSET:
        _check_rearm(by.rearm_after)
        changed = replace(changed, rearm_after=by.rearm_after)
    if by.snoozed_until is not UNSET:
        if by.snoozed_until is not None and not now < by.snoozed_until <= now + _LONGEST_SNOOZE:
            raise BadInput("snoozedUntil must lie in the future, within a year; null ends the snooze.")
        changed = replace(changed, snoozed_until=by.snoozed_until)
    if by.expires_at is not UNSET:
        _check_end(by.expires_at, now)
        changed = replace(changed, expires_at=by.expires_at, notice_at=notice_of(by.expires_at, now))
    if by.rule is not None:
        changed = replace(changed, rule=by.rule, armed_at=now, last_alert_at=None, last_alert_price=None)
    goes_on = by.rule is not None or (by.expires_at is not UNSET and of.state is State.EXPIRED)
    if by.state is not None:
        changed = replace(changed, state=by.state)
    elif goes_on and of.state in (State.ENDED, State.EXPIRED):
        changed = replace(changed, state=State.ACTIVE)
    if changed.state is State.ACTIVE and of.state is not State.ACTIVE:
        changed = replace(changed, armed_at=now)
        if changed.expires_at is not None and changed.expires_at <= now:
            changed = replace(changed, expires_at=None, notice_at=None)
    return changed


def _check_rearm(seconds: int | None) -> None:
    if seconds is not None and not 0 <= seconds <= MAX_REARM:
        raise BadInput(f"rearmAfter must be 0 to {MAX_REARM} seconds (a year); null: as the installation says.")


def _check_end(expires_at: int | None, now: int) -> None:
    if expires_at is not None and not now < expires_at <= now + _LATEST_END:
        raise BadInput("expiresTime must lie in the future, within ten years; null: it does not end.")

"""Subscriptions between JSON and what we hold: what was asked, read; what we know, shown."""

from datetime import datetime

import msgspec
from msgspec import UNSET, UnsetType

from pennywren.accounts.subscription import State, Subscription
from pennywren.errors import BadInput
from pennywren.history.standing import Unseen
from pennywren.model.clock import rfc3339
from pennywren.model.money import format_money
from pennywren.model.rule import PriceAtOrBelow, Rule
from pennywren.pipeline.amending import Amendment, Terms
from pennywren.pipeline.subscribing import Subscribed
from pennywren.postgres.moments import to_ms
from pennywren.web.shapes.views import NeverSeen, NewSubscription, SubscriptionChange, SubscriptionView


def rule_of(threshold: int | None, rule: Rule | None) -> Rule | None:
    """The rule that a body names, as a threshold or as a rule; None if it names none.

    Raises:
        BadInput: it names two.
    """
    if threshold is not None and rule is not None:
        raise BadInput("Give threshold or rule, not both: a threshold is the rule priceAtOrBelow.")
    return rule if threshold is None else PriceAtOrBelow(threshold)


def wish_of(body: NewSubscription) -> tuple[Rule, Terms]:
    """What a new subscription is to wait for, and how it is to behave.

    Raises:
        BadInput: no rule or two, or a time that is none.
    """
    rule = rule_of(body.threshold, body.rule)
    if rule is None:
        raise BadInput(
            'Say what to wait for: "threshold" in minor units, or "rule", such as {"kind": "allTimeLow"} '
            'or {"kind": "drop", "percent": 10}.'
        )
    return rule, Terms(body.once, body.rearm_after, _time("expiresTime", body.expires_time))


def amendment_of(body: SubscriptionChange) -> Amendment:
    """What is to be different of a subscription.

    Raises:
        BadInput: nothing, two rules, or a time that is none.
    """
    if body == SubscriptionChange():
        raise BadInput(
            "Say what to change: threshold, rule, once, rearmAfter, expiresTime, snoozedUntil, state or "
            "notificationType."
        )
    return Amendment(
        rule=rule_of(body.threshold, body.rule),
        once=body.once,
        rearm_after=body.rearm_after,
        expires_at=_maybe("expiresTime", body.expires_time),
        snoozed_until=_maybe("snoozedUntil", body.snoozed_until),
        state=None if body.state is None else State(body.state),
        notification_type=body.notification_type,
    )


def subscription_view(of: Subscription) -> SubscriptionView:
    """A subscription as its JSON shows it."""
    return SubscriptionView(
        id=of.id,
        product_id=str(of.product),
        threshold=of.threshold,
        rule=of.rule,
        waits_for=of.waits_for,
        base_price=of.base_price,
        currency=of.currency,
        offer=of.offer,
        notification_type=of.notification_type,
        state=of.state.value,
        once=of.once,
        rearm_after=of.rearm_after,
        expires_time=_shown(of.expires_at),
        snoozed_until=_shown(of.snoozed_until),
        created_time=rfc3339(of.created_at),
        armed_time=rfc3339(of.armed_at),
        last_alert_time=_shown(of.last_alert_at),
    )


def subscribed_view(made: Subscribed) -> SubscriptionView:
    """A subscription that was just made or changed, with how it stands now."""
    never_seen = None if made.unseen is None else _never_seen(made.unseen, made.subscription)
    return msgspec.structs.replace(
        subscription_view(made.subscription),
        already_met=made.already_met,
        current_price=made.price,
        never_seen=never_seen,
    )


def _never_seen(unseen: Unseen, of: Subscription) -> NeverSeen:
    lowest, suggested = format_money(unseen.low, of.currency), format_money(unseen.suggested, of.currency)
    since = rfc3339(unseen.since)[:10]
    return NeverSeen(
        text=(
            f"Since we began on {since} it was never that cheap: the lowest was {lowest}. "
            f"A target of {suggested}, the lowest of the last 90 days, is more likely to be met."
        ),
        lowest=unseen.low,
        lowest_time=rfc3339(unseen.low_at),
        since=rfc3339(unseen.since),
        suggested_threshold=unseen.suggested,
    )


def _shown(ms: int | None) -> str | None:
    return None if ms is None else rfc3339(ms)


def _maybe(name: str, text: str | UnsetType | None) -> int | UnsetType | None:
    return UNSET if isinstance(text, UnsetType) else _time(name, text)


def _time(name: str, text: str | None) -> int | None:
    if text is None:
        return None
    try:
        moment = msgspec.convert(text, datetime)
        if moment.tzinfo is None:
            raise ValueError("no time zone")
        return to_ms(moment)
    except (msgspec.ValidationError, ValueError, OverflowError) as error:
        raise BadInput(f"{name} {text!r} is not a time: write it like 2026-12-24T18:00:00Z.") from error

"""What our JSON says of targets, and of why an alert came or did not."""

from typing import Annotated

from msgspec import Meta, field

from pennywren.history.backtest import ENOUGH_DAYS
from pennywren.language.speaking import Language
from pennywren.model.clock import rfc3339
from pennywren.model.offer import Offer
from pennywren.notify.decisions import reason_words
from pennywren.notify.receipts import Receipt
from pennywren.pipeline.explaining import Explained, Trace
from pennywren.web.shapes.subscription_views import subscription_view
from pennywren.web.shapes.views import Answer, SubscriptionView, Time


class SuggestionView(Answer):
    """One target."""

    name: Annotated[str, Meta(description="`justBelow`, `minus5Percent` … `minus20Percent`, `low90Days`.")]
    label: str
    threshold: int


class SuggestionsView(Answer):
    """Targets worth one click, none while no price is known."""

    product_id: str = field(name="productID")
    offer: Offer
    currency: str
    current_price: int | None
    suggestions: list[SuggestionView]


class TargetView(Answer):
    """What the past says of a target. What foretells is null where `enough` is false, and while there is no offer."""

    product_id: str = field(name="productID")
    offer: Offer
    currency: str
    threshold: int
    text: Annotated[str, Meta(description="All of it in a sentence or two.")]
    enough: Annotated[bool, Meta(description=f"Whether {ENOUGH_DAYS} days are known at least.")]
    known_days: int
    since_time: Time | None
    times_met: Annotated[int, Meta(description="How often the price came down to the target since we began.")]
    last_met_time: Time | None
    met_now: bool
    share_of_time: float | None
    typical_wait_days: Annotated[
        float | None, Meta(description="Half of those who waited for such a fall waited less; null also where unknown.")
    ]
    chance_within_30_days: float | None = field(name="chanceWithin30Days")


class DecisionView(Answer):
    """One thing that was decided about a change."""

    reason: str
    text: str
    time: Time


class AttemptView(Answer):
    """One attempt to deliver an alert."""

    channel: str
    outcome: Annotated[str, Meta(description="`delivered`, `retry` or `failed`.")]
    time: Time
    reason: str | None


class ReceiptView(Answer):
    """An alert, moment by moment; a time is null where it has not come to that."""

    id: int
    about: Annotated[
        str, Meta(description="`change`, `created` (so already), `expiry` (it ends), `correction` (a false one).")
    ]
    state: str
    seen_time: Annotated[
        Time, Meta(description="When the price was seen first: by a reporter, by the first of two crawls, or verified.")
    ]
    verified_time: Annotated[
        Time,
        Meta(description="When a crawl of ours saw it, of a startling price the second; nothing else is alerted."),
    ]
    decided_time: Time
    queued_time: Time | None
    sent_time: Time | None
    accepted_time: Annotated[Time | None, Meta(description="When a channel first accepted it.")]
    attempts: list[AttemptView]


class ExplainedView(Answer):
    """What became of one change."""

    change_id: str = field(name="changeID")
    time: Time
    old_price: int | None
    new_price: int | None
    code: Annotated[str, Meta(description="`told`, a reason, `notCrossed` or `notDecided`.")]
    text: str
    decisions: list[DecisionView]
    alert: ReceiptView | None


class TraceView(Answer):
    """A watch explained: what became of the last changes of its price, the newest first."""

    subscription: SubscriptionView
    text: str
    changes: list[ExplainedView]


def trace_view(trace: Trace, speaking: Language) -> TraceView:
    """An explanation as its JSON shows it."""
    return TraceView(
        subscription_view(trace.subscription), trace.text, [_explained(each, speaking) for each in trace.changes]
    )


def _explained(of: Explained, speaking: Language) -> ExplainedView:
    return ExplainedView(
        change_id=of.change_id,
        time=rfc3339(of.at),
        old_price=of.old_price,
        new_price=of.new_price,
        code=of.code,
        text=of.text,
        decisions=[
            DecisionView(each.reason.value, reason_words(speaking, each.reason), rfc3339(each.at))
            for each in of.decisions
        ],
        alert=None if of.receipt is None else _receipt(of.receipt),
    )


def _receipt(of: Receipt) -> ReceiptView:
    return ReceiptView(
        id=of.alert_id,
        about=of.about,
        state=of.state,
        seen_time=rfc3339(of.seen_at),
        verified_time=rfc3339(of.verified_at),
        decided_time=rfc3339(of.decided_at),
        queued_time=None if of.queued_at is None else rfc3339(of.queued_at),
        sent_time=None if of.sending_at is None else rfc3339(of.sending_at),
        accepted_time=None if of.accepted_at is None else rfc3339(of.accepted_at),
        attempts=[AttemptView(each.channel, each.outcome, rfc3339(each.at), each.reason) for each in of.attempts],
    )

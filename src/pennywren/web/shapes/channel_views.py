"""What our JSON says about how people are told: preferences, and the addresses of their channels."""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType, field

from pennywren.accounts.phones import Phone
from pennywren.accounts.preferences import Preferences, minute_text
from pennywren.accounts.push_subscriptions import PushSubscription
from pennywren.accounts.webhooks import Webhook
from pennywren.model.clock import rfc3339
from pennywren.notify.suppressed import Suppressed
from pennywren.web.shapes.views import Answer, Question, Time

ChannelName = Literal["EMAIL", "SMS", "PUSH", "WEBHOOK"]
TimeOfDay = Annotated[str, Meta(pattern="^[0-9]{1,2}:[0-9]{2}$", description="`22:30`, on your clock.")]


class QuietHours(msgspec.Struct, rename={"start": "from", "end": "to"}, forbid_unknown_fields=True):
    """When nothing is sent; over midnight where `from` is later than `to`."""

    start: TimeOfDay
    end: TimeOfDay


class PreferencesView(Answer):
    """How you are told."""

    locale: Annotated[
        str,
        Meta(description="A language tag: the language of messages, and how amounts and dates are written."),
    ]
    time_zone: str
    channels: Annotated[list[str], Meta(description="The most wanted first.")]
    quiet_hours: QuietHours | None
    digest: str
    digest_hour: int
    digest_weekday: Annotated[int, Meta(description="1 is Monday.")]
    weekly_budget: Annotated[int | None, Meta(description="Messages in any seven days; a digest is one.")]
    language: Annotated[str | None, Meta(description="Of the website's pages; null: as the browser asks.")]


class PreferencesChange(Question):
    """Some of them; what is left out stays."""

    locale: Annotated[str, Meta(max_length=35)] | UnsetType = UNSET
    time_zone: Annotated[str, Meta(max_length=64)] | UnsetType = UNSET
    channels: Annotated[list[ChannelName], Meta(max_length=4)] | UnsetType = UNSET
    quiet_hours: QuietHours | UnsetType | None = UNSET
    digest: Literal["off", "daily", "weekly"] | UnsetType = UNSET
    digest_hour: Annotated[int, Meta(ge=0, le=23)] | UnsetType = UNSET
    digest_weekday: Annotated[int, Meta(ge=1, le=7)] | UnsetType = UNSET
    weekly_budget: Annotated[int, Meta(ge=1, le=10_000)] | UnsetType | None = UNSET
    language: Annotated[str, Meta(max_length=10)] | UnsetType | None = UNSET


class NewPhone(Question):
    """A number to be told at."""

    number: Annotated[str, Meta(max_length=40, description="With + and the country's code.")]


class PhoneCode(Question):
    """The code that came by SMS."""

    code: Annotated[str, Meta(max_length=12)]


class PhoneView(Answer):
    """A number of yours. `stopped`: it said STOP; START to the same number ends that."""

    id: int
    number: str
    verified: bool
    stopped: bool


class PhoneList(Answer):
    """Your numbers."""

    phones: list[PhoneView]


class PushKeys(msgspec.Struct, forbid_unknown_fields=True):
    """The keys of a browser's subscription, in base64url."""

    p256dh: Annotated[str, Meta(max_length=120)]
    auth: Annotated[str, Meta(max_length=40)]


class NewPushSubscription(Question):
    """What `PushSubscription.toJSON()` answers in a browser; `name` is how you call it."""

    endpoint: Annotated[str, Meta(max_length=2000)]
    keys: PushKeys
    expiration_time: int | None = None
    name: Annotated[str, Meta(max_length=100)] | None = None
    replaces: (
        Annotated[str, Meta(max_length=2000, description="The endpoint that this browser had before: it ends.")] | None
    ) = None


class PushSubscriptionView(Answer):
    """A browser that shows your notifications."""

    id: int
    endpoint: str
    name: str | None
    created_time: Time


class PushSubscriptionList(Answer):
    """Your browsers."""

    push_subscriptions: list[PushSubscriptionView]


class PushKeyView(Answer):
    """What a browser subscribes with."""

    public_key: Annotated[str, Meta(description="The applicationServerKey, in base64url.")]


class NewWebhook(Question):
    """Where a program of yours listens."""

    url: Annotated[str, Meta(max_length=2000)]


class WebhookView(Answer):
    """A webhook. `secret` is shown where it was just made or rotated, and never again."""

    id: int
    url: str
    created_time: Time
    previous_secret_until: Time | None
    ended_time: Annotated[Time | None, Meta(description="When its receiver answered 404 or 410; rotating begins anew.")]
    secret: str | UnsetType = UNSET


class WebhookList(Answer):
    """Your webhooks."""

    webhooks: list[WebhookView]


class WebhookTest(Answer):
    """What became of a test: `problem` says what went wrong, null if nothing did."""

    delivered: bool
    problem: str | None


class SuppressedView(Answer):
    """Why and since when nothing is sent to an address."""

    reason: Annotated[str, Meta(description="`bounced`, `complained` or `unsubscribed`.")]
    detail: str | None
    since_time: Time


class EmailAddressView(Answer):
    """Your address, and whether mails go there."""

    email: str
    suppressed: SuppressedView | None


class SmsEvent(msgspec.Struct, forbid_unknown_fields=True):
    """A message that came in at the gateway."""

    number: str = field(name="from")
    text: Annotated[str, Meta(max_length=2000)] = ""


class MailEvent(Question):
    """What became of a mail: one of the two addresses says of which."""

    type: Literal["bounce", "complaint"]
    return_path: Annotated[str, Meta(max_length=400)] | None = None
    message_id: Annotated[str, Meta(max_length=400)] | None = None
    permanent: bool = True
    detail: Annotated[str, Meta(max_length=500)] | None = None


class MailEvents(Question):
    """Several of them."""

    events: Annotated[list[MailEvent], Meta(max_length=500)]


class MailEventsTaken(Answer):
    """How many of the events said something about a mail of ours."""

    taken: int


def preferences_view(of: Preferences) -> PreferencesView:
    """Preferences as their JSON shows them."""
    quiet = None if of.quiet is None else QuietHours(minute_text(of.quiet[0]), minute_text(of.quiet[1]))
    return PreferencesView(
        locale=of.locale,
        time_zone=of.time_zone,
        channels=list(of.channels),
        quiet_hours=quiet,
        digest=of.digest,
        digest_hour=of.digest_hour,
        digest_weekday=of.digest_weekday,
        weekly_budget=of.weekly_budget,
        language=of.language,
    )


def phone_view(of: Phone, *, stopped: bool = False) -> PhoneView:
    """A number as its JSON shows it."""
    return PhoneView(of.id, of.number, of.verified_at is not None, stopped)


def push_view(of: PushSubscription) -> PushSubscriptionView:
    """A browser as its JSON shows it."""
    return PushSubscriptionView(of.id, of.endpoint, of.name, rfc3339(of.created_at))


def webhook_view(of: Webhook, secret: str | None = None) -> WebhookView:
    """A webhook as its JSON shows it."""
    return WebhookView(
        id=of.id,
        url=of.url,
        created_time=rfc3339(of.created_at),
        previous_secret_until=rfc3339(of.earlier_keys_until[0]) if of.earlier_keys_until else None,
        ended_time=None if of.ended_at is None else rfc3339(of.ended_at),
        secret=UNSET if secret is None else secret,
    )


def email_view(email: str, found: Suppressed | None) -> EmailAddressView:
    """An address as its JSON shows it."""
    view = None if found is None else SuppressedView(found.reason, found.detail, rfc3339(found.since))
    return EmailAddressView(email, view)

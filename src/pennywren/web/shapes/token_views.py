"""What our JSON says of access tokens."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from pennywren.accounts.access_tokens import DEFAULT_DAYS, MAX_DAYS, MAX_NAME, AccessToken, Scope
from pennywren.model.clock import rfc3339
from pennywren.web.shapes.views import Answer, Question, Time


class NewToken(Question):
    """An access token to make."""

    name: Annotated[str, Meta(min_length=1, max_length=MAX_NAME, description="What you know it by.")]
    scopes: Annotated[list[Scope], Meta(min_length=1, max_length=50, description="What it may do.")]
    expires_in_days: Annotated[
        Annotated[int, Meta(ge=1, le=MAX_DAYS)] | None, Meta(description="Null: it does not end by itself.")
    ] = DEFAULT_DAYS


class TokenView(Answer):
    """An access token. `token` is shown where it was just made, and never again."""

    id: int
    name: str
    scopes: list[Scope]
    created_time: Time
    last_used_time: Annotated[Time | None, Meta(description="To the minute; null if it never was.")]
    expires_time: Annotated[Time | None, Meta(description="Null: it does not end by itself.")]
    token: Annotated[str, Meta(description="Send it as `Authorization: Bearer TOKEN`.")] | UnsetType = UNSET


class TokenList(Answer):
    """Your access tokens, without the tokens themselves."""

    tokens: list[TokenView]


def token_view(of: AccessToken, token: str | None = None) -> TokenView:
    """An access token as its JSON shows it."""
    return TokenView(
        id=of.id,
        name=of.name,
        scopes=list(of.scopes),
        created_time=rfc3339(of.created_at),
        last_used_time=None if of.last_used_at is None else rfc3339(of.last_used_at),
        expires_time=None if of.expires_at is None else rfc3339(of.expires_at),
        token=UNSET if token is None else token,
    )

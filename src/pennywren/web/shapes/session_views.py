"""What our JSON says of sessions."""

from typing import Annotated

from msgspec import Meta

from pennywren.web.shapes.views import Answer, Next, Time


class SessionLine(Answer):
    """A session of yours."""

    kind: Annotated[str, Meta(description="`cookie`: a browser; `bearer`: a program.")]
    created_time: Time
    expires_time: Time
    current: Annotated[bool, Meta(description="Whether it is the one that asks.")]
    id: int


class SessionList(Answer):
    """A page of your sessions, the newest first."""

    sessions: list[SessionLine]
    next: Next

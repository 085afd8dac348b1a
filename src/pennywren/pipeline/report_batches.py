"""A batch of reports on its way through a step, and what is read for it."""

import asyncio
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from pennywren.accounts import installs
from pennywren.accounts.installs import Install
from pennywren.errors import KeyReused, PennywrenError, RateLimited, Unavailable
from pennywren.model.product import ProductID
from pennywren.pipeline.report_context import Observation
from pennywren.pipeline.report_judging import Line
from pennywren.store.swaps import Kept
from pennywren.trust import door
from pennywren.trust.believed import ProductBelieved
from pennywren.trust.door import Knock
from pennywren.trust.reputation import Cohorts, Tenure
from pennywren.trust.telling import Told, told_as

_decode: Final = msgspec.msgpack.Decoder(list[str]).decode


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who types a price into the website: a person with a confirmed address, or whoever is behind a network."""

    name: str
    """What reputation is kept under; says nothing of the person."""
    tenure: Tenure


@dataclass(frozen=True, slots=True)
class Batch:
    """One request: what an install says, and how it shows who it is."""

    token: str
    """Empty for a visitor of the website."""
    network: str
    """The /24 or /48 that it came from."""
    items: tuple[Observation | Told, ...]
    """What it saw; where an item was none, the answer to it."""
    key: str | None
    """Its Idempotency-Key."""
    body_hash: bytes
    visitor: Visitor | None = None

    @property
    def speaker(self) -> str:
        """The name of whoever speaks, if the token is anybody's."""
        return installs.name_of(self.token) if self.visitor is None else self.visitor.name


@dataclass(slots=True)
class Work:
    """A batch on its way through a step."""

    batch: Batch
    done: asyncio.Future[list[Told]]
    knock: Knock
    lines: list[Line] = field(default_factory=list[Line])
    answer: list[Told] | None = None
    error: PennywrenError | None = None


@dataclass(slots=True)
class Read:
    """What a step knows before it judges."""

    installs: dict[str, Install]
    reputations: dict[str, Kept]
    blocked: frozenset[str]
    """Networks that an operator has blocked."""
    cohorts: Cohorts
    believed: dict[ProductID, ProductBelieved]
    places: dict[tuple[int, int], int]
    """For each item of each work the place of its claim in what was read of its product."""


def enter(work: Work, reply: Any) -> None:
    """Take in what the door says of a batch."""
    said = door.opened(reply, work.knock)
    if said.wait_us:
        seconds = said.wait_us / 1_000_000
        message = f"Too many reports: try again in {max(1, round(seconds))} seconds."
        work.error = RateLimited(message, retry_after=seconds)
    elif said.other_body:
        work.error = KeyReused()
    elif said.under_way:
        work.error = Unavailable("This very batch is being worked on: send it again in a moment.", retry_after=2)
    elif said.answer is not None:
        codes = _decode(said.answer)
        # An item that was none has its own sentence, and this is the very same body.
        work.answer = [
            item if isinstance(item, Told) else told_as(code)
            for item, code in zip(work.batch.items, codes, strict=True)
        ]

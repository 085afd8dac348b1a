"""The judgement: what the shop showed, against what was decided and what the mail server took. Pure."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

Move = tuple[int | None, int]
"""A price before and after, in minor units."""


@dataclass(frozen=True, slots=True)
class Watcher:
    """One subscription."""

    id: int
    product: str
    threshold: int


@dataclass(frozen=True, slots=True)
class Decided:
    """One alert, as the database has it."""

    id: int
    subscription: int
    old: int | None
    new: int
    state: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """What came of a run."""

    changes: int
    due: int
    missed: int
    """Due alerts that were not decided, or decided and neither taken nor refused for good by the mail server."""
    twice: int
    """Alerts that nobody was due, and mails that belong to no alert."""
    repeated: int
    """Mails that the server took again, under the same Message-ID."""

    def is_good(self, kills: int, least_due: int) -> bool:
        """Whether everything that is promised was kept: one kill may repeat one mail."""
        return not self.missed and not self.twice and self.repeated <= kills and self.due >= least_due


def judge(
    shown: Mapping[str, Sequence[int]],
    watchers: Sequence[Watcher],
    decided: Sequence[Decided],
    taken: Mapping[str, int],
    refused: Collection[str],
) -> Judgement:
    """Judge a run.

    `shown` are the prices of each product in the order in which the shop held them, each until it was recorded or to
    the end; `taken` counts the mails that the server took by Message-ID, `refused` has those that it never will.
    """
    got: defaultdict[int, Counter[Move]] = defaultdict(Counter[Move])
    told = 0
    for alert in decided:
        name = f"<alert-{alert.id}@pennywren.invalid>"
        told += (alert.state == "delivered" and name in taken) or (alert.state == "failed" and name in refused)
        got[alert.subscription][alert.old, alert.new] += 1
    due = missing = extra = 0
    for watcher in watchers:
        moves = pairwise(shown.get(watcher.product, ()))
        wanted: Counter[Move] = Counter((old, new) for old, new in moves if new <= watcher.threshold < old)
        have = got.pop(watcher.id, Counter[Move]())
        due += wanted.total()
        missing += (wanted - have).total()
        extra += (have - wanted).total()
    extra += sum(alerts.total() for alerts in got.values())
    ours = {alert.id for alert in decided}
    strangers = sum(_id(name) not in ours for name in taken)
    return Judgement(
        changes=sum(len(prices) - 1 for prices in shown.values()),
        due=due,
        missed=missing + len(decided) - told,
        twice=extra + strangers,
        repeated=sum(count - 1 for count in taken.values()),
    )


def _id(name: str) -> int:
    """The alert of `<alert-7@example.org>`; 0 for any other Message-ID."""
    local = name.strip("<>").partition("@")[0]
    return int(local.removeprefix("alert-")) if local.removeprefix("alert-").isdigit() else 0

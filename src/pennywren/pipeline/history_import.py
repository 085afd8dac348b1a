"""Importing price histories: parsed elsewhere (`history.sources`), merged with what is recorded, and rewritten."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from pennywren.errors import BadInput, VersionMoved
from pennywren.history.merging import merge
from pennywren.history.sources.found import BadEntry, Found, ProductHistory
from pennywren.model.clock import SECOND, Clock, rfc3339
from pennywren.model.provenance import imported_field, write_ranges
from pennywren.model.series import State, Steps
from pennywren.record.rewriting import rewrite
from pennywren.settings import Settings
from pennywren.store.proofs import proofs_of
from pennywren.store.store import Store

Progress = Callable[[int, int], None]
"""Called after each product with how many are done, and how many there are."""

_EVER: Final = 1 << 48
_AHEAD: Final = 60 * SECOND
_ATTEMPTS: Final = 10


@dataclass(slots=True)
class ImportResult:
    """What an import did."""

    written: int = 0
    """Products whose history was rewritten."""
    unchanged: int = 0
    """Products whose history held all of it already."""
    changes: int = 0
    """Price changes and states in the histories that were written."""
    bad: list[BadEntry] = field(default_factory=list[BadEntry])
    """What could not be used, from the file and from here."""


async def import_histories(
    store: Store, settings: Settings, clock: Clock, found: Found, progress: Progress | None = None
) -> ImportResult:
    """Merge imported histories into what is recorded.

    Existing points are kept: an import fills in what came before the first look of ours, and after the last one,
    offer by offer. Nobody is alerted. The same import again changes nothing. A product that is recorded at the
    same time is read again and retried; one that cannot be used is listed, and the others go on.

    Raises:
        Unavailable: Redis does not answer; what was written stays, and the import can be run again.
    """
    result = ImportResult(bad=list(found.bad))
    for done, history in enumerate(found.histories.values(), 1):
        try:
            written = await _import_one(store, settings, clock(), history)
        except BadInput as error:
            result.bad.append(BadEntry(str(history.product), error.message))
        except VersionMoved:
            result.bad.append(BadEntry(str(history.product), "was recorded again and again meanwhile: import it again"))
        else:
            result.written += written > 0
            result.unchanged += written == 0
            result.changes += written
        if progress is not None:
            progress(done, len(found.histories))
    return result


async def _import_one(store: Store, settings: Settings, now: int, history: ProductHistory) -> int:
    """Import one product; answers how many changes its history has now, or 0 if it held all of it before."""
    latest = max(steps.last_seen for steps in history.offers.values())
    if latest > now + _AHEAD:
        raise BadInput(f"its history goes on to {rfc3339(latest)}, which has not come yet")
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return await _merge_and_rewrite(store, settings, history)
        except VersionMoved:
            if attempt == _ATTEMPTS:
                raise
    return 0


async def _merge_and_rewrite(store: Store, settings: Settings, history: ProductHistory) -> int:
    product = history.product
    state = await store.product(product)
    if state is not None and state.currency != history.currency:
        raise BadInput(f"its history is kept in {state.currency}, this one is in {history.currency}")
    recorded = {} if state is None else {each: await store.steps(product, each, 0, _EVER) for each in state.offers}
    merged = dict(recorded)
    for offer, imported in history.offers.items():
        merged[offer] = merge(recorded.get(offer, Steps()), imported, settings.gap_after * SECOND)
    if merged == recorded:
        return 0
    changes = sum(_changes(steps) for steps in merged.values())
    known = (await proofs_of(store.client, product)).imported
    proofs = {
        imported_field(offer): write_ranges([*known.get(offer, ()), *added])
        for offer, steps in merged.items()
        if (added := imported_spans(recorded.get(offer, Steps()), steps))
    }
    is_cold = (state is None or state.tier == "cold") and changes <= settings.cold_up_to
    charted = (state is not None and state.tier == "charted") or changes >= settings.charted_after
    await rewrite(
        store,
        product,
        history.currency,
        merged,
        reason="import",
        tier="cold" if is_cold else "charted" if charted else "raw",
        expected_version=0 if state is None else state.version,
        proofs=proofs,
    )
    return changes


def imported_spans(recorded: Steps, merged: Steps) -> list[tuple[int, int]]:
    """The spans (ms, both ends included) that hold the change points of `merged` that `recorded` does not have."""
    known = {at for points in (recorded.prices, recorded.states) for at, _ in points}
    spans: list[tuple[int, int]] = []
    open_at: int | None = None
    for at in sorted({at for points in (merged.prices, merged.states) for at, _ in points}):
        if at not in known:
            open_at = at if open_at is None else open_at
        elif open_at is not None:
            spans.append((open_at, at - 1))
            open_at = None
    return spans if open_at is None else [*spans, (open_at, merged.last_seen)]


def _changes(steps: Steps) -> int:
    return len(steps.prices) + sum(state is not State.NOT_OBSERVED for _, state in steps.states)

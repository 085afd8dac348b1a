"""How long each stage takes: one histogram, counted by whoever does the work, in a round trip that is made anyway."""

from typing import Final

from pennywren.store.counters import Histogram

STAGE_TIME: Final = Histogram(
    "pennywren_stage_seconds",
    "How long a stage took for one thing: a fetch, a page, a look, a reading of the streams, a decision, a message.",
    ("stage",),
    (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 60),
)

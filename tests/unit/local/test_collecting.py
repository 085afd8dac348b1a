"""What a process that answers requests leaves alone when it looks for garbage."""

import gc

from pennywren.local.collecting import settle


def test_what_is_loaded_is_not_looked_through_again() -> None:
    before = gc.get_threshold()
    try:
        settle()
        assert gc.get_freeze_count() > 10_000, "all code that is loaded, and what it holds"
        assert gc.isenabled()
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)

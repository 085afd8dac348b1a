"""When Python looks for garbage in a process that answers requests."""

import gc
from typing import Final

_OFTEN: Final = (10_000, 20, 20)
"""Python's own (700, 10, 10) suits small programs: a request makes more than that."""


def settle() -> None:
    """What is loaded by now stays: it is not looked through again, and the rest not so often.

    Code and routes are some hundred thousand objects. Looking through all of them took a tenth of a second, during
    which nobody was answered: that was the slowest hundredth of the histories (decision 0019).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_OFTEN)

"""Encoded answers held in this process, the most recently used ones, up to a number of bytes."""

import gzip
from collections import OrderedDict
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from pennywren.history.question import Question
from pennywren.model.product import ProductID

_WORTH_PACKING: Final = 1_024
_LEVEL: Final = 6


@dataclass(frozen=True, slots=True)
class Encoded:
    """An encoded answer and the product's version that it was made from."""

    version: int
    etag: str
    kept: bytes
    """The body, in gzip if `is_packed`."""
    stale: bool = False
    """A replica answered, so that nobody should keep it."""
    is_packed: bool = False

    @property
    def body(self) -> bytes:
        """What was answered."""
        return _unpacked(self.kept) if self.is_packed else self.kept

    def packed(self) -> "Encoded":
        """The same in gzip, which nearly all who ask take; as it is where that saves nothing."""
        if self.is_packed or len(self.kept) < _WORTH_PACKING:
            return self
        return replace(self, kept=gzip.compress(self.kept, _LEVEL, mtime=0), is_packed=True)


@lru_cache(maxsize=64)
def _unpacked(kept: bytes) -> bytes:
    """Few ask for answers that are not packed, but those who do ask for the same again and again."""
    return gzip.decompress(kept)


class HeldAnswers:
    """Forgets what was used longest ago when it holds more than `limit` bytes."""

    def __init__(self, limit: int = 64 * 2**20) -> None:
        self._limit = limit
        self._size = 0
        self._answers: OrderedDict[tuple[ProductID, Question], Encoded] = OrderedDict()

    def get(self, product: ProductID, question: Question) -> Encoded | None:
        """The answer that was put last, whatever became of the product since."""
        key = (product, question)
        answer = self._answers.get(key)
        if answer is not None:
            self._answers.move_to_end(key)
        return answer

    def put(self, product: ProductID, question: Question, answer: Encoded) -> Encoded:
        """Hold an answer, in gzip, in place of an older one to the same question; returns it as it is held."""
        key, answer = (product, question), answer.packed()
        before = self._answers.pop(key, None)
        self._size += len(answer.kept) - (len(before.kept) if before else 0)
        self._answers[key] = answer
        while self._size > self._limit:
            _, dropped = self._answers.popitem(last=False)
            self._size -= len(dropped.kept)
        return answer

"""Encoded answers held in this process, the most recently used ones, up to a number of bytes."""

import gzip
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from pennywren.history.question import Question
from pennywren.model.product import ProductID


@dataclass(frozen=True, slots=True)
class Encoded:
    """An encoded answer and the product's version that it was made from."""

    version: int
    etag: str
    body: bytes
    stale: bool = False
    """A replica answered, so that nobody should keep it."""
    packed: bytes | None = None
    """The body in gzip, once somebody asked for it so."""

    @property
    def size(self) -> int:
        """Bytes that it takes."""
        return len(self.body) + len(self.packed or b"")


_WORTH_PACKING: Final = 1_024
_LEVEL: Final = 6


class HeldAnswers:
    """Forgets what was used longest ago when it holds more than `limit` bytes."""

    def __init__(self, limit: int = 64 * 2**20) -> None:
        self._limit = limit
        self._size = 0
        self._answers: OrderedDict[tuple[ProductID, Question], Encoded] = OrderedDict()

    def get(self, product: ProductID, question: Question, version: int) -> Encoded | None:
        """The answer, if one is held that was made from this version."""
        key = (product, question)
        answer = self._answers.get(key)
        if answer is None or answer.version != version:
            return None
        self._answers.move_to_end(key)
        return answer

    def packed(self, product: ProductID, question: Question, answer: Encoded) -> Encoded:
        """The answer with its body in gzip as well, which is made once and held; as it is where that saves nothing."""
        if answer.packed is not None or len(answer.body) < _WORTH_PACKING:
            return answer
        packed = gzip.compress(answer.body, _LEVEL, mtime=0)
        both = Encoded(answer.version, answer.etag, answer.body, packed=packed)
        self.put(product, question, both)
        return both

    def put(self, product: ProductID, question: Question, answer: Encoded) -> None:
        """Hold an answer in place of an older one to the same question."""
        key = (product, question)
        before = self._answers.pop(key, None)
        self._size += answer.size - (before.size if before else 0)
        self._answers[key] = answer
        while self._size > self._limit:
            _, dropped = self._answers.popitem(last=False)
            self._size -= dropped.size

"""Encoded answers held in this process, the most recently used ones, up to a number of bytes."""

from collections import OrderedDict
from dataclasses import dataclass

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

    def put(self, product: ProductID, question: Question, answer: Encoded) -> None:
        """Hold an answer in place of an older one to the same question."""
        key = (product, question)
        before = self._answers.pop(key, None)
        self._size += len(answer.body) - (len(before.body) if before else 0)
        self._answers[key] = answer
        while self._size > self._limit:
            _, dropped = self._answers.popitem(last=False)
            self._size -= len(dropped.body)

"""Answers as of one position of the read models, to be given again until they move on."""

from collections.abc import Callable
from typing import NamedTuple

Address = tuple[str, bytes, int]
"""What was asked: path, query, and the audience that reads."""

_MAX_BYTES = 32 * 1024 * 1024


class KeptAnswer(NamedTuple):
    """A ready body and its entity tag, without quotes."""

    body: bytes
    etag: str


class KeptAnswers:
    """What was read last. An answer depends on nothing but the events up to a position, and on what was asked.

    So all of it is forgotten as soon as there is another position: nobody is shown what is no longer so, and
    nothing of an event that is erased stays.
    """

    def __init__(self, max_bytes: int = _MAX_BYTES, is_current: Callable[[], bool] = lambda: True) -> None:
        """Keep so much, as long as it is known whether the read models have moved on."""
        self._max_bytes = max_bytes
        self._is_current = is_current
        self._answers: dict[Address, KeptAnswer] = {}
        self._size_bytes = 0
        self._position = 0

    def find(self, address: Address, position: int) -> KeptAnswer | None:
        """Return the answer as of a position, None where it is not known."""
        self.move_to(position)
        if not self._is_current():
            self._forget()
        return self._answers.get(address)

    def keep(self, address: Address, position: int, answer: KeptAnswer) -> None:
        """Keep an answer, unless the read models have moved on since it was asked for."""
        if position != self._position or not self._is_current():
            return
        if self._size_bytes + len(answer.body) > self._max_bytes:
            self._forget()
        self._answers[address] = answer
        self._size_bytes += len(answer.body)

    def move_to(self, position: int) -> None:
        """Forget what is as of another position."""
        if position != self._position:
            self._forget()
            self._position = position

    def _forget(self) -> None:
        self._answers.clear()
        self._size_bytes = 0

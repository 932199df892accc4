"""How far the read models are behind the ledger, in events and in seconds."""

import threading
from collections import deque
from collections.abc import Callable

_BETWEEN_MARKS_S = 1.0
_MARKS = 3600


class Lag:
    """Told of the head by who appends, and of the read models' position by who moves them."""

    def __init__(self, head: int, elapsed_s: Callable[[], float]) -> None:
        self._elapsed_s = elapsed_s
        self._head = head
        self._position = 0
        # Positions that are not applied yet, and since when they wait; the oldest first, one a second at most, so
        # that read models that stand still for a day cost no memory. What lies between two counts as the later.
        self._marks: deque[tuple[int, float]] = deque([(head, elapsed_s())] if head else ())
        self._lock = threading.Lock()

    def appended(self, position: int) -> None:
        """Note where the head of the ledger is."""
        with self._lock:
            self._head = position
            now_s = self._elapsed_s()
            if not self._marks or (now_s - self._marks[-1][1] >= _BETWEEN_MARKS_S and len(self._marks) < _MARKS):
                self._marks.append((position, now_s))
            self._drop_applied()

    def moved(self, position: int) -> None:
        """Note how far the read models have come."""
        with self._lock:
            self._position = position
            # On another node than the one that appended they are the first to know.
            self._head = max(self._head, position)
            self._drop_applied()

    @property
    def head(self) -> int:
        """The last position of the ledger, as far as this process knows."""
        return self._head

    @property
    def position(self) -> int:
        """How far the read models have come."""
        return self._position

    @property
    def seconds(self) -> float:
        """How long the oldest event that is not applied has waited, a second more or less; 0 with none."""
        with self._lock:
            return self._elapsed_s() - self._marks[0][1] if self._marks else 0.0

    def _drop_applied(self) -> None:
        while self._marks and self._marks[0][0] <= self._position:
            self._marks.popleft()
        if not self._marks and self._position < self._head:
            self._marks.append((self._head, self._elapsed_s()))

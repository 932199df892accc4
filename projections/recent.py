"""Events that were recorded in this process a moment ago: who follows need not parse what was just made."""

from collections import deque
from typing import NamedTuple

from domain.events import Event, EventErased

_MAX_EVENTS = 512


class RecentEvent(NamedTuple):
    """A recorded event, its position, and its stored bytes."""

    position: int
    state: bytes
    event: Event


class RecentEvents:
    """The last events, put in by the thread that records and taken out, once, by the one that follows.

    It is never relied on: what is not here, or has other bytes than those that are stored, is parsed.
    """

    def __init__(self, max_events: int = _MAX_EVENTS) -> None:
        # A deque drops its oldest when it is full, and each of its operations is of one piece.
        self._events: deque[RecentEvent] = deque(maxlen=max_events)
        self._forgotten = 0

    def put(self, events: list[RecentEvent]) -> None:
        """Add events, in the order of their positions; what they erase may be among those before them."""
        if any(isinstance(each.event, EventErased) for each in events):
            self._events.clear()
        self._events.extend(each for each in events if each.position > self._forgotten)

    def forget_to(self, position: int) -> None:
        """Forget all events up to a position, those too that are only about to be put in: some of them are erased."""
        self._forgotten = position
        self._events.clear()

    def take(self, position: int, state: bytes) -> Event | None:
        """Return the event at a position, whose stored bytes these are; what lies before it is forgotten."""
        try:
            while self._events[0].position <= position:
                recent = self._events.popleft()
                if recent.position == position:
                    return recent.event if recent.state == state else None
        except IndexError:
            pass  # there are none, or the other thread has just forgotten them
        return None

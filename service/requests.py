"""What is asked of the sequencer, why it refuses, and who hears what became of it."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from api.ports import UnavailableError
from domain.commands import RecordEvent
from service.batch import Outcome


class OverloadedError(UnavailableError):
    """The queue is full: nothing of the request was recorded."""


class StoppedError(UnavailableError):
    """Nothing can be appended now; the reason is said."""


@dataclass(slots=True, eq=False)
class Request:
    """Groups of commands from one client; each group is recorded whole or not at all."""

    groups: Sequence[Sequence[RecordEvent]]
    waiter: Any = None  # Any: whoever waits knows what it is, the sequencer hands it back
    request_id: str = ""
    outcomes: list[Outcome] = field(default_factory=list)

    @property
    def poster(self) -> str:
        """Who asks; empty where nothing is asked."""
        return next((command.poster.name for group in self.groups for command in group), "")

    @property
    def size(self) -> int:
        """How many commands it has."""
        return sum(map(len, self.groups))


class Observer(Protocol):
    """Hears what becomes of requests, to count them; it must be quick, and must not raise."""

    def committed(self, position: int, seconds: float) -> None:
        """Note that a batch is durable, up to a position, and how long writing it took. In the sequencer's thread."""

    def settled(self, requests: Sequence[Request]) -> None:
        """Note that the requests of a batch have their outcomes. In the sequencer's thread."""

    def turned_away(self, events: int) -> None:
        """Note that a request of so many events was not queued. In the thread that asked."""


class Unobserved:
    """Counts nothing."""

    def committed(self, position: int, seconds: float) -> None:
        """Let it pass."""

    def settled(self, requests: Sequence[Request]) -> None:
        """Let it pass."""

    def turned_away(self, events: int) -> None:
        """Let it pass."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Who counts, and a clock that never jumps, in seconds."""

    observer: Observer = field(default_factory=Unobserved)
    elapsed_s: Callable[[], float] = time.monotonic

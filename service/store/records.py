"""What passes between the sequencer and a store: events with their bytes, places and digests."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

from api.ports import UnavailableError
from domain.events import Event, Tombstone, encode_event
from domain.noting import Note

Loaded = tuple[Note, str]
"""What a claim takes from one event, and the digest (hex) of its bytes."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event and its stored bytes; `state` is None of an erased one, whose digest (hex) stays."""

    event: Event | Tombstone
    state: bytes | None
    digest: str
    position: int

    @property
    def originator_id(self) -> str:
        """The stream, in the words of the eventsourcing library."""
        return self.event.claim_id or ""

    @property
    def originator_version(self) -> int:
        """The place in the stream, in the words of the eventsourcing library."""
        return self.event.claim_version or 0


@dataclass(frozen=True, slots=True)
class Head:
    """The last position of the ledger, 0 when it is empty, and its recorded_at."""

    position: int
    recorded_us: int


class Batch(Protocol):
    """One open transaction that holds the head: nobody else appends meanwhile."""

    head: Head
    clock_us: int | None
    """The database's own time, read when the head was locked; None where the database has no clock of its own."""

    def look_ahead(self, event_ids: Sequence[str], claims: Mapping[str, int]) -> None:
        """Tell what will be asked for: events by id, and claims after the versions that are known."""

    def find(self, event_id: str) -> Recorded | None:
        """Return the event of an id, None where there is none."""

    def load(self, claim_id: str, after_version: int) -> Iterator[Loaded]:
        """Yield what a claim takes from its events after a version, in order, each with the event's digest."""

    def append(self, events: Sequence[Recorded]) -> None:
        """Insert events at the positions that follow the head."""

    def erase(self, events: Sequence[Recorded]) -> None:
        """Replace the bytes of stored events by what is left of them. Raises BrokenLedgerError."""


class Store(Protocol):
    """Where events are kept for good."""

    def batch(self) -> AbstractContextManager[Batch]:
        """Open a transaction; leaving it commits, durably, unless an exception passes.

        Raises StoreUnavailableError when the database is away, full or read-only, BrokenLedgerError
        where what is stored, or would be, breaks a rule of the ledger.
        """


class BrokenLedgerError(Exception):
    """What is stored contradicts itself: appending stops, for a wrong answer is worse than none."""


class StoreUnavailableError(UnavailableError):
    """The database can not be reached or written; nothing is known to have been appended."""


def record(event: Event, position: int) -> Recorded:
    """Return a stamped event as it is stored: encoded once, digested once."""
    state = encode_event(event)
    return Recorded(event, state, sha256(state).hexdigest(), position)

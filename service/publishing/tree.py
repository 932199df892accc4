"""The tree as the read models have it, and the events under its leaves as the ledger has them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from domain.times import format_instant
from projections.database import Connection
from projections.log import log

T = TypeVar("T")


class Reads(Protocol):
    """Runs reads of the read models, each in one transaction, and returns what they return."""

    def read_here(self, read: Callable[[Connection], T], /) -> T:
        """Run a read in the thread that asks, whichever that is."""

    async def look_up(self, read: Callable[[Connection], T], /) -> T:
        """Run a short read for the event loop."""


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """What the ledger holds of an event that the log is about; `state` is None once it is erased."""

    state: bytes | None
    event_sha256: str
    recorded_at: str


class Tree:
    """The Merkle tree, as far as the read models have come."""

    def __init__(self, reads: Reads) -> None:
        self._read = reads.read_here

    def size(self) -> int:
        """Return how many leaves there are."""
        return self._read(log.read_size)

    def head(self) -> int:
        """Return how many events the ledger has: the tree will come to it."""

        def read(connection: Connection) -> int:
            (position,) = connection.execute("SELECT MAX(position) FROM ledger.stored_events").fetchone()
            return int(position or 0)

        return self._read(read)

    def root(self, size: int) -> bytes:
        """Return the root of the first leaves."""
        return self._read(lambda connection: log.root_at(connection, size))

    def inclusion(self, leaf_index: int, size: int) -> Sequence[bytes]:
        """Return the audit path of a leaf in the tree of a size."""
        return self._read(lambda connection: log.inclusion_at(connection, leaf_index, size))

    def consistency(self, old_size: int, size: int) -> Sequence[bytes]:
        """Return the consistency proof between the trees of two sizes."""
        return self._read(lambda connection: log.consistency_at(connection, old_size, size))

    def event(self, leaf_index: int) -> LoggedEvent | None:
        """Return the event of a leaf, None where the ledger has none."""

        def read(connection: Connection) -> LoggedEvent | None:
            row = connection.execute(
                "SELECT state, event_sha256, recorded_us FROM ledger.stored_events WHERE position = ?",
                (leaf_index + 1,),
            ).fetchone()
            return None if row is None else LoggedEvent(row[0], row[1].hex(), format_instant(row[2]))

        return self._read(read)

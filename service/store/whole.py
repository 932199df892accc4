"""A ledger as a whole, whichever engine keeps it: read at one moment, or filled while it is empty."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from domain.commands import Role
from service.store.checkpoints import LogRecord
from service.store.mapper import LedgerEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredKey:
    """A key as it is stored: the hash of its secret, never the secret; instants in microseconds since 1970."""

    key_id: str
    name: str
    role: Role
    audience: int
    key_sha256: bytes
    created_us: int
    revoked_us: int | None


class Snapshot(Protocol):
    """A whole ledger at one moment: what is appended meanwhile is not in it."""

    engine: str
    schema_version: int
    head: int

    def find_digest(self, claim_id: str, version: int, before: int) -> bytes | None:
        """Return the digest of a claim's event of a version, None where none stands before this position."""

    def read_events(self) -> Iterator[LedgerEvent]:
        """Yield every event in the order of the ledger."""

    def read_keys(self) -> Iterator[StoredKey]:
        """Yield every key, revoked ones too, the oldest first."""

    def read_log(self) -> Iterator[LogRecord]:
        """Yield each log, its checkpoints, each with its cosignatures after it; at last the witnesses."""


class EmptyLedger(Protocol):
    """An empty ledger in an open transaction: leaving it commits, durably, unless an exception passes."""

    def find_digest(self, claim_id: str, version: int, before: int) -> bytes | None:
        """Return the digest of a claim's event of a version, None where none stands before this position."""

    def add_event(self, event: LedgerEvent) -> None:
        """Insert an event as it is. Raises ValueError where the place or the id is taken."""

    def add_key(self, key: StoredKey) -> None:
        """Insert a key as it is. Raises ValueError where there is one with its id or secret."""

    def add_log_record(self, record: LogRecord) -> None:
        """Insert what an archive holds of the log, in its order.

        Raises ValueError where it does not fit, NotEmptyError where the ledger has begun a log already.
        """


class NotEmptyError(Exception):
    """The ledger has events or keys already: an archive would not be restored but mixed with them."""


OpenSnapshot = Callable[[], AbstractContextManager[Snapshot]]
OpenEmpty = Callable[[], AbstractContextManager[EmptyLedger]]

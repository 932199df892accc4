"""Between recorded events and the rows of the eventsourcing library."""

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import cast
from uuid import UUID

from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import JSONTranscoder, Mapper, StoredEvent

from domain.events import Tombstone, encode_tombstone, read_event
from domain.noting import note_of, read_note
from domain.times import parse_instant
from service.store.records import BrokenLedgerError, Loaded, Recorded


@dataclass(frozen=True)
class LedgerEvent(StoredEvent):
    """A row of the ledger: the library's columns, and ours."""

    position: int
    event_id: bytes
    event_sha256: bytes
    recorded_us: int
    tombstone: str | None = None


class EventMapper(Mapper[str]):
    """Stores the type's name and our canonical bytes, so that the bytes stored are the bytes hashed.

    The library's own mapper would store import paths, and encode the event again.
    """

    def __init__(self) -> None:
        super().__init__(JSONTranscoder())

    def to_stored_event(self, domain_event: DomainEventProtocol[str]) -> LedgerEvent:
        """Return the row of a recorded event, or of what is left of it."""
        recorded = cast("Recorded", domain_event)  # the library knows its own protocol only
        event = recorded.event
        return LedgerEvent(
            originator_id=recorded.originator_id,
            originator_version=recorded.originator_version,
            topic=event.type,
            state=recorded.state,  # type: ignore[arg-type]  # the library knows no erased events
            position=recorded.position,
            event_id=bytes_of(event.event_id or ""),
            event_sha256=bytes.fromhex(recorded.digest),
            recorded_us=parse_instant(event.recorded_at or ""),
            tombstone=encode_tombstone(event) if isinstance(event, Tombstone) else None,
        )

    def to_domain_event(self, stored_event: StoredEvent) -> Recorded:
        """Return the recorded event of a row; of an erased one what is left of it.

        Raises BrokenLedgerError where the bytes are not those that were recorded.
        """
        row = cast("LedgerEvent", stored_event)  # the recorder makes no other rows
        digest = row.event_sha256.hex()
        if row.tombstone is not None:
            return Recorded(_read_tombstone(row.tombstone), None, digest, row.position)
        _check_digest(row.event_id, row.state, digest)
        return Recorded(read_event(row.state), row.state, digest, row.position)


def to_loaded(event_id: bytes, event_sha256: bytes, state: bytes, tombstone: str | None) -> Loaded:
    """Return what its claim takes from the event of a row, which is not read whole.

    Raises BrokenLedgerError where the bytes are not those that were recorded.
    """
    digest = event_sha256.hex()
    if tombstone is not None:
        return note_of(_read_tombstone(tombstone)), digest
    _check_digest(event_id, state, digest)
    return read_note(state), digest


def bytes_of(event_id: str) -> bytes:
    """Return the bytes of an event's id, which is a UUID in its usual form: `UUID` would look at it first."""
    return bytes.fromhex(event_id.replace("-", ""))


def _read_tombstone(tombstone: str) -> Tombstone:
    return Tombstone(**json.loads(tombstone))


def _check_digest(event_id: bytes, state: bytes, digest: str) -> None:
    if sha256(state).hexdigest() != digest:
        raise BrokenLedgerError(f"the bytes of event {UUID(bytes=event_id)} have changed")

"""The store's events as read models read them: in the order of the ledger, or of one claim."""

from collections.abc import Sequence
from hashlib import sha256
from json import loads
from typing import Any, NamedTuple
from uuid import UUID

from domain.events import Event, Tombstone, read_event
from domain.fold import ClaimFold
from projections.database import Connection, one_of
from projections.errors import BrokenLogError
from projections.recent import RecentEvents

# One way to the database for many claims; what they hold is in memory twice meanwhile.
_CLAIMS_AT_ONCE = 64


class Stored(NamedTuple):
    """One event of the ledger."""

    position: int
    recorded_us: int
    event: Event | Tombstone


def read_after(connection: Connection, position: int, limit: int, recent: RecentEvents | None = None) -> list[Stored]:
    """Return the events after a position, in the order of the ledger; those in `recent` are not parsed again.

    Raises BrokenLogError where the bytes of one are not those that were recorded.
    """
    rows = connection.execute(
        """
        SELECT position, recorded_us, state, tombstone, event_sha256
        FROM ledger.stored_events
        WHERE position > ?
        ORDER BY position
        LIMIT ?
        """,
        (position, limit),
    ).fetchall()
    return [_stored(row, recent) for row in rows]


def read_by_claim(connection: Connection, after: tuple[str, int], upto: int, limit: int) -> list[Stored]:
    """Return the events up to a position, claim by claim, those after a place: (claim id, version)."""
    rows = connection.execute(
        """
        SELECT position, recorded_us, state, tombstone, event_sha256
        FROM ledger.stored_events
        WHERE (originator_id, originator_version) > (?, ?) AND position <= ?
        ORDER BY originator_id, originator_version
        LIMIT ?
        """,
        (*after, upto, limit),
    ).fetchall()
    return [_stored(row) for row in rows]


def read_head(connection: Connection) -> int:
    """Return the last position of the ledger, 0 of an empty one."""
    (head,) = connection.execute("SELECT COALESCE(MAX(position), 0) FROM ledger.stored_events").fetchone()
    return int(head)


def new_fold(connection: Connection) -> ClaimFold:
    """Return a claim without events yet, which reads what corrections change from the ledger."""
    return ClaimFold(lambda event_id: read_one(connection, event_id))


def fold_claims(connection: Connection, claim_ids: Sequence[str], position: int) -> dict[str, ClaimFold]:
    """Return claims folded from their events up to a position."""
    folds = {claim_id: new_fold(connection) for claim_id in claim_ids}
    for first in range(0, len(claim_ids), _CLAIMS_AT_ONCE):
        marks, parameters = one_of(claim_ids[first : first + _CLAIMS_AT_ONCE])
        rows = connection.execute(
            f"""
            SELECT position, recorded_us, state, tombstone, event_sha256
            FROM ledger.stored_events
            WHERE originator_id IN ({marks}) AND position <= ?
            ORDER BY originator_id, originator_version
            """,
            (*parameters, position),
        ).fetchall()
        for row in rows:
            stored = _stored(row)
            folds[stored.event.claim_id or ""].add(stored.event, stored.position)
    return folds


def read_one(connection: Connection, event_id: str) -> Event | Tombstone:
    """Return a recorded event, or what is left of it. Raises KeyError where there is none."""
    row = connection.execute(
        "SELECT state, tombstone FROM ledger.stored_events WHERE event_id = ?", (UUID(event_id).bytes,)
    ).fetchone()
    if row is None:
        raise KeyError(event_id)
    return event_of(*row)


def last_erasure(connection: Connection) -> int:
    """Return the position of the ledger's last erasure, 0 where nothing was erased."""
    (position,) = connection.execute(
        "SELECT COALESCE(MAX(position), 0) FROM ledger.stored_events WHERE topic = 'EventErased'"
    ).fetchone()
    return int(position)


def event_of(state: bytes | None, tombstone: str | None) -> Event | Tombstone:
    """Return what a row holds: an event, or what is left of an erased one."""
    return read_event(state or b"") if tombstone is None else Tombstone(**loads(tombstone))


def _stored(row: Any, recent: RecentEvents | None = None) -> Stored:  # Any: a row of whichever driver
    """Return an event whose bytes are those that were recorded, or what is left of an erased one."""
    position, recorded_us, state, tombstone, event_sha256 = row
    if tombstone is None and sha256(state or b"").digest() != event_sha256:
        raise BrokenLogError(position, "the event's bytes are not those that were recorded: they have another digest")
    event = recent.take(position, state) if recent and state else None
    return Stored(position, recorded_us, event or event_of(state, tombstone))

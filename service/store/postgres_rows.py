"""Writes rows of the ledger on PostgreSQL: many at once, each time in one plain statement."""

from collections.abc import Sequence
from typing import Any

from psycopg import Cursor

from service.store.mapper import LedgerEvent
from service.store.records import BrokenLedgerError

COLUMNS = "position, originator_id, originator_version, topic, state, event_id, event_sha256, recorded_us, tombstone"
_INSERT = f"""
    INSERT INTO ledger.stored_events ({COLUMNS})
    SELECT *
    FROM unnest(
      %b::bigint[], %b::text[], %b::bigint[], %b::text[], %b::bytea[], %b::bytea[], %b::bytea[], %b::bigint[],
      %b::text[]
    )
"""
_ERASE = """
    UPDATE ledger.stored_events AS e
    SET state = NULL, tombstone = erased.tombstone
    FROM unnest(%b::bigint[], %b::text[]) AS erased (position, tombstone)
    WHERE e.position = erased.position
"""


def insert_rows(cursor: Cursor[Any], rows: Sequence[LedgerEvent]) -> None:  # Any: whatever makes rows of answers
    """Insert rows in the order of their positions."""
    cursor.execute(
        _INSERT,
        (
            [row.position for row in rows],
            [row.originator_id for row in rows],
            [row.originator_version for row in rows],
            [row.topic for row in rows],
            [row.state for row in rows],
            [row.event_id for row in rows],
            [row.event_sha256 for row in rows],
            [row.recorded_us for row in rows],
            [row.tombstone for row in rows],
        ),
    )


def erase_rows(cursor: Cursor[Any], rows: Sequence[LedgerEvent]) -> None:  # Any: whatever makes rows of answers
    """Replace the bytes in stored rows by the tombstones of these. Raises BrokenLedgerError."""
    cursor.execute(_ERASE, ([row.position for row in rows], [row.tombstone for row in rows]))
    if cursor.rowcount != len(rows):
        raise BrokenLedgerError(f"of {len(rows)} events {cursor.rowcount} are there to erase")

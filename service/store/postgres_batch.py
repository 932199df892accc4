"""One batch on PostgreSQL: the lock on the head row, what is read under it, what is inserted, and the commit."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import psycopg
from psycopg import Cursor
from psycopg.errors import Diagnostic
from psycopg.rows import DictRow

from service.store.mapper import EventMapper, LedgerEvent, to_loaded
from service.store.postgres_connections import LIMITS, Lent
from service.store.postgres_rows import COLUMNS, erase_rows, insert_rows
from service.store.records import Head, Loaded, Recorded, StoreUnavailableError

SELECT = f"SELECT {COLUMNS} FROM ledger.stored_events"
# The clock is read once the lock is held, or an instant could be earlier than one that stands before it.
_BEGIN = f"""
    BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;
    {LIMITS}
    SELECT set_config('synchronous_commit', 'on', true)
    WHERE current_setting('synchronous_commit') <> 'remote_apply';
    SELECT FROM ledger.head FOR UPDATE;
    SELECT
      COALESCE(last.position, 0) AS position,
      COALESCE(last.recorded_us, 0) AS recorded_us,
      (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS clock_us
    FROM ledger.head
    LEFT JOIN (SELECT position, recorded_us FROM ledger.stored_events ORDER BY position DESC LIMIT 1) AS last ON true
"""
_SELECT_NEWER = """
    SELECT e.originator_id, e.event_id, e.event_sha256, e.state, e.tombstone
    FROM unnest(%b::text[], %b::bigint[]) AS claim (id, version)
    JOIN ledger.stored_events e ON e.originator_id = claim.id AND e.originator_version > claim.version
    ORDER BY e.originator_version
"""


class PostgresBatch:
    """One open transaction that holds the lock on the head row, so the head stays."""

    def __init__(self, cursor: Cursor[DictRow], head: Head, clock_us: int) -> None:
        self._mapper = EventMapper()
        self._cursor = cursor
        self._events: dict[str, Recorded | None] = {}
        self._claims: dict[str, tuple[int, list[Loaded]]] = {}
        self.head = head
        self.clock_us: int | None = clock_us

    def look_ahead(self, event_ids: Sequence[str], claims: Mapping[str, int]) -> None:
        """Read what will be asked for, at one stroke: events by id, and claims after the versions that are known."""
        if event_ids:
            rows = self._read(f"{SELECT} WHERE event_id = ANY(%b)", [UUID(event_id).bytes for event_id in event_ids])
            self._events = dict.fromkeys(event_ids) | {str(UUID(bytes=row.event_id)): self._event(row) for row in rows}
        if claims:
            self._claims = {claim_id: (version, []) for claim_id, version in claims.items()}
            for claim_id, loaded in self._load(list(claims), list(claims.values())):
                self._claims[claim_id][1].append(loaded)

    def find(self, event_id: str) -> Recorded | None:
        """Return the event of an id, None where there is none."""
        if event_id in self._events:
            return self._events[event_id]
        rows = self._read(f"{SELECT} WHERE event_id = %b", UUID(event_id).bytes)
        return self._event(rows[0]) if rows else None

    def load(self, claim_id: str, after_version: int) -> Iterator[Loaded]:
        """Yield what a claim takes from its events after a version, in order, each with the event's digest."""
        version, loaded = self._claims.pop(claim_id, (-1, []))
        if version == after_version:
            yield from loaded
            return
        yield from (loaded for _, loaded in self._load([claim_id], [after_version]))

    def append(self, events: Sequence[Recorded]) -> None:
        """Insert events at the positions that follow the head."""
        if events:
            insert_rows(self._cursor, [self._mapper.to_stored_event(event) for event in events])

    def erase(self, events: Sequence[Recorded]) -> None:
        """Replace the bytes of stored events by what is left of them. Raises BrokenLedgerError."""
        if events:
            erase_rows(self._cursor, [self._mapper.to_stored_event(event) for event in events])

    def _load(self, claim_ids: list[str], after_versions: list[int]) -> Iterator[tuple[str, Loaded]]:
        self._cursor.execute(_SELECT_NEWER, (claim_ids, after_versions), binary=True)
        for row in self._cursor.fetchall():
            yield row.pop("originator_id"), to_loaded(**row)

    def _read(self, sql: str, *parameters: object) -> list[LedgerEvent]:
        self._cursor.execute(sql, parameters, binary=True)
        return [LedgerEvent(**row) for row in self._cursor.fetchall()]

    def _event(self, row: LedgerEvent) -> Recorded:
        return self._mapper.to_domain_event(row)


def begin(connection: Lent) -> PostgresBatch:
    """Begin a batch: lock the head row, and read where the ledger ends and what time it is."""
    cursor = connection.cursor()
    cursor.execute(_BEGIN)
    cursor.set_result(-1)
    row = cursor.fetchone()
    if row is None:
        raise StoreUnavailableError("the ledger's head row is missing")
    return PostgresBatch(cursor, Head(row["position"], row["recorded_us"]), row["clock_us"])


def commit(connection: psycopg.Connection[Any]) -> None:  # Any: whatever rows it makes
    """Commit. Raises StoreUnavailableError where the outcome is not known for certain."""
    warnings: list[str] = []

    def note(diagnostic: Diagnostic) -> None:
        if diagnostic.severity_nonlocalized == "WARNING":
            warnings.append(diagnostic.message_primary or "")

    connection.add_notice_handler(note)
    try:
        status = connection.execute("COMMIT").statusmessage
    finally:
        connection.remove_notice_handler(note)
    # Who cancels a wait for a standby gets a warning and a COMMIT: durable here, and lost with this machine.
    if status != "COMMIT" or warnings:
        raise StoreUnavailableError(f"the database answers the commit with {', '.join(warnings) or status}")

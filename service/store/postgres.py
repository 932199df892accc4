"""The store on PostgreSQL: whoever holds the lock on the head row appends, from whichever process or machine."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import psycopg
from eventsourcing.application import Application
from eventsourcing.persistence import InfrastructureFactory, IntegrityError, Notification, StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresFactory
from eventsourcing.utils import Environment
from psycopg import Cursor
from psycopg.errors import Diagnostic
from psycopg.rows import DictRow

from service.store.mapper import EventMapper, LedgerEvent
from service.store.postgres_connections import LIMITS, ConstraintError, LedgerDatastore, Lent
from service.store.postgres_dialect import PostgresConnection
from service.store.records import BrokenLedgerError, Head, Recorded, StoreUnavailableError

COLUMNS = "position, originator_id, originator_version, topic, state, event_id, event_sha256, recorded_us, tombstone"
_SELECT = f"SELECT {COLUMNS} FROM ledger.stored_events"
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
_INSERT = f"""
    INSERT INTO ledger.stored_events ({COLUMNS})
    SELECT *
    FROM unnest(
      %b::bigint[], %b::text[], %b::bigint[], %b::text[], %b::bytea[], %b::bytea[], %b::bytea[], %b::bigint[],
      %b::text[]
    )
"""
_SELECT_STREAM = f"""
    {_SELECT}
    WHERE originator_id = %b AND originator_version > %b AND originator_version <= %b
    ORDER BY originator_version {{direction}}
    LIMIT %b
"""
_SELECT_LEDGER = f"""
    {_SELECT}
    WHERE position >= %b AND position <= %b AND (%b OR topic = ANY(%b))
    ORDER BY position
    LIMIT %b
"""
_SELECT_NEWER = f"""
    SELECT {", ".join(f"e.{column}" for column in COLUMNS.split(", "))}
    FROM unnest(%b::text[], %b::bigint[]) AS claim (id, version)
    JOIN ledger.stored_events e ON e.originator_id = claim.id AND e.originator_version > claim.version
    ORDER BY e.originator_version
"""
_LAST = 2**63 - 1


class PostgresBatch:
    """One open transaction that holds the lock on the head row, so the head stays."""

    def __init__(self, cursor: Cursor[DictRow], head: Head, clock_us: int) -> None:
        self._mapper = EventMapper()
        self._cursor = cursor
        self._events: dict[str, Recorded | None] = {}
        self._claims: dict[str, tuple[int, list[Recorded]]] = {}
        self.head = head
        self.clock_us: int | None = clock_us

    def look_ahead(self, event_ids: Sequence[str], claims: Mapping[str, int]) -> None:
        """Read what will be asked for, at one stroke: events by id, and claims after the versions that are known."""
        if event_ids:
            rows = self._read(f"{_SELECT} WHERE event_id = ANY(%b)", [UUID(event_id).bytes for event_id in event_ids])
            self._events = dict.fromkeys(event_ids) | {str(UUID(bytes=row.event_id)): self._event(row) for row in rows}
        if claims:
            self._claims = {claim_id: (version, []) for claim_id, version in claims.items()}
            for row in self._read(_SELECT_NEWER, list(claims), list(claims.values())):
                self._claims[str(row.originator_id)][1].append(self._event(row))

    def find(self, event_id: str) -> Recorded | None:
        """Return the event of an id, None where there is none."""
        if event_id in self._events:
            return self._events[event_id]
        rows = self._read(f"{_SELECT} WHERE event_id = %b", UUID(event_id).bytes)
        return self._event(rows[0]) if rows else None

    def load(self, claim_id: str, after_version: int) -> Iterator[Recorded]:
        """Yield the events of a claim after a version, in order."""
        version, events = self._claims.pop(claim_id, (-1, []))
        if version == after_version:
            yield from events
            return
        for row in self._read(_SELECT_STREAM.format(direction="ASC"), claim_id, after_version, _LAST, _LAST):
            yield self._event(row)

    def append(self, events: Sequence[Recorded]) -> None:
        """Insert events at the positions that follow the head."""
        if events:
            insert_rows(self._cursor, [self._mapper.to_stored_event(event) for event in events])

    def _read(self, sql: str, *parameters: object) -> list[LedgerEvent]:
        self._cursor.execute(sql, parameters, binary=True)
        return [LedgerEvent(**row) for row in self._cursor.fetchall()]

    def _event(self, row: LedgerEvent) -> Recorded:
        return self._mapper.to_domain_event(row)


class LedgerRecorder(PostgresApplicationRecorder):
    """The library's recorder over our table: explicit positions, and batches that hold the head.

    Its own way to insert locks the whole table, and tries again where nobody knows whether it has committed.
    """

    datastore: LedgerDatastore

    def create_table(self) -> None:
        """Do nothing: the migrations have made the table."""

    @contextmanager
    def batch(self) -> Iterator[PostgresBatch]:
        """Open a transaction; leaving it commits, durably and on the standbys that are waited for.

        Raises StoreUnavailableError where the database is away, or does not say whether it has committed;
        BrokenLedgerError where a guard of the table refuses an event.
        """
        try:
            with self.datastore.lend(_begin) as (connection, batch):
                yield batch
                commit(connection)
        except ConstraintError as error:
            raise BrokenLedgerError(str(error)) from error

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int]:  # Any: the library's
        """Insert rows of our own mapper, in a transaction of their own."""
        rows = [row for row in stored_events if isinstance(row, LedgerEvent)]
        if len(rows) != len(stored_events):
            raise TypeError("the ledger takes the rows of its own mapper only")
        try:
            with self.datastore.transaction(commit=True) as cursor:
                insert_rows(cursor, rows)
        except ConstraintError as error:
            raise IntegrityError(str(error)) from error
        return [row.position for row in rows]

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[LedgerEvent]:
        """Return the rows of a claim, whole, as our mapper needs them."""
        sql = _SELECT_STREAM.format(direction="DESC" if desc else "ASC")
        parameters = (str(originator_id), gt or 0, _LAST if lte is None else lte, _LAST if limit is None else limit)
        with self.datastore.cursor() as cursor:
            cursor.execute(sql, parameters, binary=True)
            return [LedgerEvent(**row) for row in cursor.fetchall()]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """Return the events from a position on, in the library's form."""
        first = (start or 0) + (0 if inclusive_of_start else 1)
        parameters = (first, _LAST if stop is None else stop, not topics, list(topics), limit)
        with self.datastore.cursor() as cursor:
            cursor.execute(_SELECT_LEDGER, parameters, binary=True)
            return [_notification(row) for row in cursor.fetchall()]

    def max_notification_id(self) -> int | None:
        """Return the last position, None of an empty ledger."""
        with self.datastore.cursor() as cursor:
            row = cursor.execute("SELECT max(position) AS position FROM ledger.stored_events").fetchone()
        return row["position"] if row else None


class LedgerFactory(PostgresFactory):
    """Makes our recorder over our datastore, whatever the environment holds."""

    def __init__(self, url: str) -> None:
        super().__init__(
            {
                "POSTGRES_DBNAME": "",
                "POSTGRES_HOST": "",
                "POSTGRES_USER": "",
                "POSTGRES_PASSWORD": "",
                "ORIGINATOR_ID_TYPE": "text",
            }
        )
        self.datastore.close()
        self.datastore = LedgerDatastore(url)

    def application_recorder(self) -> LedgerRecorder:
        """Return the recorder of the ledger."""
        return LedgerRecorder(self.datastore)


class LedgerApplication(Application[str]):
    """The eventsourcing application of the ledger: our mapper and recorder, its stores and notification log."""

    name = "onrecord"
    recorder: LedgerRecorder

    def __init__(self, url: str) -> None:
        self._url = url
        super().__init__()

    def construct_factory(self, env: Environment) -> InfrastructureFactory[Any]:  # noqa: ARG002  # ours asks none
        """Return our factory: the library's would fall back to memory where a variable is missing."""
        return LedgerFactory(self._url)

    def construct_mapper(self) -> EventMapper:
        """Return the mapper that stores our canonical bytes."""
        return EventMapper()


@contextmanager
def open_tables(datastore: LedgerDatastore) -> Iterator[PostgresConnection]:
    """Yield a connection to the ledger's tables, in a transaction that is committed when it is left.

    Raises StoreUnavailableError.
    """
    with datastore.lend(lambda _: None) as (connection, _):
        tables = PostgresConnection(connection)
        tables.execute("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
        tables.execute("SET LOCAL search_path TO ledger")
        yield tables
        tables.flush()
        commit(connection)


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


def insert_rows(cursor: Cursor[Any], rows: Sequence[LedgerEvent]) -> None:  # Any: whatever makes rows of answers
    """Insert rows in one plain statement."""
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


def _begin(connection: Lent) -> PostgresBatch:
    cursor = connection.cursor()
    cursor.execute(_BEGIN)
    cursor.set_result(-1)
    row = cursor.fetchone()
    if row is None:
        raise StoreUnavailableError("the ledger's head row is missing")
    return PostgresBatch(cursor, Head(row["position"], row["recorded_us"]), row["clock_us"])


def _notification(row: DictRow) -> Notification:
    return Notification(
        id=row["position"],
        originator_id=row["originator_id"],
        originator_version=row["originator_version"],
        topic=row["topic"],
        state=row["state"],
    )

"""The store on SQLite: one writer connection that is kept, a pool of readers beside it."""

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.persistence import InfrastructureFactory, IntegrityError, Notification, PersistenceError, StoredEvent
from eventsourcing.sqlite import SQLiteApplicationRecorder, SQLiteCursor, SQLiteDatastore, SQLiteFactory
from eventsourcing.utils import Environment

from projections.database import one_of
from service.store.mapper import EventMapper, LedgerEvent, bytes_of, to_loaded
from service.store.migrations import check_sqlite, migrate_sqlite
from service.store.records import BrokenLedgerError, Head, Loaded, Recorded, StoreUnavailableError
from service.store.sqlite_connections import LedgerDatastore

_COLUMNS = "position, originator_id, originator_version, topic, state, event_id, event_sha256, recorded_us, tombstone"
_SELECT_HEAD = "SELECT position, recorded_us FROM stored_events ORDER BY position DESC LIMIT 1"
_SELECT_EVENT = f"SELECT {_COLUMNS} FROM stored_events WHERE event_id = ?"
_SELECT_STREAM = f"""
    SELECT {_COLUMNS}
    FROM stored_events
    WHERE originator_id = ? AND originator_version > ? AND originator_version <= ?
    ORDER BY originator_version
    LIMIT ?
"""
_SELECT_STREAM_DOWN = _SELECT_STREAM.replace("ORDER BY originator_version", "ORDER BY originator_version DESC")
_SELECT_LEDGER = f"""
    SELECT {_COLUMNS}
    FROM stored_events
    WHERE position >= ? AND position <= ? AND (? OR topic IN (SELECT value FROM json_each(?)))
    ORDER BY position
    LIMIT ?
"""
_SELECT_TO_LOAD = """
    SELECT originator_version, event_id, event_sha256, state, tombstone
    FROM stored_events
    WHERE originator_id = ? AND originator_version > ?
    ORDER BY originator_version
    LIMIT ?
"""
_LOADED_AT_ONCE = 1_000
"""So that the rows of a long claim are not all in memory beside what is taken from them."""
_ERASE = "UPDATE stored_events SET state = NULL, tombstone = ? WHERE position = ?"
_LAST = 2**63 - 1
_ATTEMPTS = 100


class SqliteBatch:
    """One open transaction on the writer's connection: it holds the lock, so the head stays."""

    def __init__(self, recorder: "LedgerRecorder", cursor: SQLiteCursor) -> None:
        self._recorder = recorder
        self._mapper = EventMapper()
        self._cursor = cursor
        cursor.execute(_SELECT_HEAD)
        row = cursor.fetchone()
        self.head = Head(row["position"], row["recorded_us"]) if row else Head(0, 0)
        self.clock_us: int | None = None
        self._events: dict[bytes, Recorded | None] = {}

    def look_ahead(self, event_ids: Sequence[str], claims: Mapping[str, int]) -> None:  # noqa: ARG002  # see below
        """Read the events of ids at one stroke, for each statement gives up the interpreter and waits to get it back.

        Claims are read when they are asked for: few are not in memory.
        """
        ids = [bytes_of(event_id) for event_id in event_ids]
        marks, parameters = one_of(ids)
        self._cursor.execute(f"SELECT {_COLUMNS} FROM stored_events WHERE event_id IN ({marks})", parameters)
        found = {row["event_id"]: self._mapper.to_domain_event(_row(row)) for row in self._cursor.fetchall()}
        self._events = dict.fromkeys(ids) | found

    def find(self, event_id: str) -> Recorded | None:
        """Return the event of an id, None where there is none."""
        event_id_bytes = bytes_of(event_id)
        if event_id_bytes in self._events:
            return self._events[event_id_bytes]
        self._cursor.execute(_SELECT_EVENT, (event_id_bytes,))
        row = self._cursor.fetchone()
        return self._mapper.to_domain_event(_row(row)) if row else None

    def load(self, claim_id: str, after_version: int) -> Iterator[Loaded]:
        """Yield what a claim takes from its events after a version, in order, each with the event's digest."""
        while True:
            self._cursor.execute(_SELECT_TO_LOAD, (claim_id, after_version, _LOADED_AT_ONCE))
            rows = self._cursor.fetchall()
            for _, event_id, event_sha256, state, tombstone in rows:
                yield to_loaded(event_id, event_sha256, state, tombstone)
            if len(rows) < _LOADED_AT_ONCE:
                return
            after_version = rows[-1]["originator_version"]

    def append(self, events: Sequence[Recorded]) -> None:
        """Insert events at the positions that follow the head."""
        self._recorder.insert_rows(self._cursor, [self._mapper.to_stored_event(event) for event in events])

    def erase(self, events: Sequence[Recorded]) -> None:
        """Replace the bytes of stored events by what is left of them. Raises BrokenLedgerError."""
        self._recorder.erase_rows(self._cursor, [self._mapper.to_stored_event(event) for event in events])


class LedgerRecorder(SQLiteApplicationRecorder):
    """The library's recorder over our table: explicit positions, and batches that hold the head."""

    def __init__(self, datastore: SQLiteDatastore, events_table_name: str = "stored_events") -> None:
        super().__init__(datastore, events_table_name)
        self.select_max_notification_id_statement = f"SELECT MAX(position) FROM {events_table_name}"

    def create_table(self) -> None:
        """Do nothing: the migrations have made the table."""

    @contextmanager
    def batch(self) -> Iterator[SqliteBatch]:
        """Open a transaction; leaving it commits, durably, unless an exception passes.

        Raises StoreUnavailableError when the disk is full, read-only or broken, BrokenLedgerError where a
        guard of the table refuses an event.
        """
        try:
            with self.datastore.transaction(commit=True) as cursor:
                yield SqliteBatch(self, cursor)
        except IntegrityError as error:
            raise BrokenLedgerError(str(error)) from error
        except (sqlite3.Error, PersistenceError) as error:
            raise StoreUnavailableError(f"the ledger can not be written: {error}") from error

    def insert_rows(self, cursor: SQLiteCursor, rows: Sequence[LedgerEvent]) -> None:
        """Insert rows in the order of their positions."""
        cursor.executemany(
            f"INSERT INTO stored_events ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    row.position,
                    row.originator_id,
                    row.originator_version,
                    row.topic,
                    row.state,
                    row.event_id,
                    row.event_sha256,
                    row.recorded_us,
                    row.tombstone,
                )
                for row in rows
            ],
        )

    def erase_rows(self, cursor: SQLiteCursor, rows: Sequence[LedgerEvent]) -> None:
        """Replace the bytes in stored rows by the tombstones of these."""
        for row in rows:
            cursor.execute(_ERASE, (row.tombstone, row.position))
            if cursor.sqlite_cursor.rowcount != 1:
                raise BrokenLedgerError(f"there is no event at position {row.position} to erase")

    def _insert_events(self, c: SQLiteCursor, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int]:
        rows = [row for row in stored_events if isinstance(row, LedgerEvent)]
        if len(rows) != len(stored_events):
            raise TypeError("the ledger takes the rows of its own mapper only")
        self.insert_rows(c, rows)
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
        parameters = (str(originator_id), gt or 0, _LAST if lte is None else lte, _LAST if limit is None else limit)
        with self.datastore.transaction(commit=False) as c:
            c.execute(_SELECT_STREAM_DOWN if desc else _SELECT_STREAM, parameters)
            return [_row(row) for row in c.fetchall()]

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
        parameters = (first, _LAST if stop is None else stop, not topics, json.dumps(list(topics)), limit)
        with self.datastore.transaction(commit=False) as c:
            c.execute(_SELECT_LEDGER, parameters)
            return [_notification(row) for row in c.fetchall()]


class LedgerFactory(SQLiteFactory):
    """Makes our recorder over our datastore, whatever the environment holds."""

    def __init__(self, path: Path) -> None:
        super().__init__({"SQLITE_DBNAME": str(path), "ORIGINATOR_ID_TYPE": "text"})
        self.datastore.close()
        self.datastore = LedgerDatastore(path)

    def application_recorder(self) -> LedgerRecorder:
        """Return the recorder of the ledger."""
        return LedgerRecorder(self.datastore)


class LedgerApplication(Application[str]):
    """The eventsourcing application of the ledger: our mapper and recorder, its stores and notification log."""

    name = "onrecord"
    recorder: LedgerRecorder

    def __init__(self, path: Path) -> None:
        self._path = path
        super().__init__()

    def construct_factory(self, env: Environment) -> InfrastructureFactory[Any]:  # noqa: ARG002  # ours asks none
        """Return our factory: the library's would fall back to memory where a variable is missing."""
        return LedgerFactory(self._path)

    def construct_mapper(self) -> EventMapper:
        """Return the mapper that stores our canonical bytes."""
        return EventMapper()


def prepare_ledger(data_dir: Path, *, migrate: bool = True) -> Path:
    """Return the file of the ledger in a folder, both made where they are missing, its schema up to date.

    Raises StoreUnavailableError, SchemaTooNewError; SchemaTooOldError where it may not be migrated.
    """
    with _opened(data_dir) as connection:
        if migrate:
            migrate_sqlite(connection)
        else:
            check_sqlite(connection)
    return data_dir / "ledger.db"


def migrate_ledger(data_dir: Path) -> tuple[int, int]:
    """Bring a ledger's schema up to date, and return its version before and after.

    Raises StoreUnavailableError, SchemaTooNewError.
    """
    with _opened(data_dir) as connection:
        return migrate_sqlite(connection)


@contextmanager
def open_tables(path: Path) -> Iterator[sqlite3.Connection]:
    """Yield a connection to a ledger's tables in autocommit mode. Raises StoreUnavailableError."""
    try:
        with closing(sqlite3.connect(path, isolation_level=None, timeout=30)) as connection:
            connection.execute("PRAGMA synchronous = FULL")
            yield connection
    except sqlite3.Error as error:
        raise StoreUnavailableError(f"{path} can not be read or written: {error}") from error


@contextmanager
def _opened(data_dir: Path) -> Iterator[sqlite3.Connection]:
    path = data_dir / "ledger.db"
    try:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        with closing(sqlite3.connect(path, isolation_level=None, timeout=30)) as connection:
            _begin_wal(connection)
            yield connection
    except (OSError, sqlite3.Error) as error:
        raise StoreUnavailableError(f"{path} can not be opened: {error}") from error


def _begin_wal(connection: sqlite3.Connection) -> None:
    for _ in range(_ATTEMPTS):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            # Of two that open a new file at once one is refused here, without waiting; a transaction waits.
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
        else:
            return
    raise sqlite3.OperationalError("others keep it locked")


def _row(row: sqlite3.Row) -> LedgerEvent:
    return LedgerEvent(**dict(row))


def _notification(row: sqlite3.Row) -> Notification:
    return Notification(
        id=row["position"],
        originator_id=row["originator_id"],
        originator_version=row["originator_version"],
        topic=row["topic"],
        state=row["state"],
    )

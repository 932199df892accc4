"""The ledger as a whole on SQLite: one transaction to read all of it, one to fill it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import astuple, fields
from operator import attrgetter
from pathlib import Path

from service.store.checkpoints import (
    TABLES,
    Cosignature,
    KeptCheckpoint,
    LogIdentity,
    LogRecord,
    Row,
    Witness,
    columns_of,
    row_of,
)
from service.store.mapper import LedgerEvent
from service.store.migrations import check_sqlite
from service.store.records import StoreUnavailableError
from service.store.whole import EmptyLedger, NotEmptyError, Snapshot, StoredKey

_EVENT = tuple(field.name for field in fields(LedgerEvent))
_KEY = tuple(field.name for field in fields(StoredKey))
_SELECT_EVENTS = f"SELECT {', '.join(_EVENT)} FROM stored_events ORDER BY position"
_SELECT_KEYS = f"SELECT {', '.join(_KEY)} FROM keys ORDER BY created_us, key_id"
_INSERT_EVENT = f"INSERT INTO stored_events ({', '.join(_EVENT)}) VALUES ({', '.join('?' * len(_EVENT))})"
_INSERT_KEY = f"INSERT INTO keys ({', '.join(_KEY)}) VALUES ({', '.join('?' * len(_KEY))})"
_CACHE_KIB = 32 * 1024


class SqliteSnapshot:
    """A read transaction. While it is open the write-ahead log grows with what is appended."""

    engine = "sqlite"

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.schema_version = check_sqlite(connection)
        self.head = _head(connection)

    def find_digest(self, claim_id: str, version: int, before: int) -> bytes | None:
        """Return the digest of a claim's event of a version, None where none stands before this position."""
        return _find_digest(self._connection, claim_id, version, before)

    def read_events(self) -> Iterator[LedgerEvent]:
        """Yield every event in the order of the ledger."""
        for row in self._connection.execute(_SELECT_EVENTS):
            yield LedgerEvent(*row)

    def read_keys(self) -> Iterator[StoredKey]:
        """Yield every key, revoked ones too, the oldest first."""
        for row in self._connection.execute(_SELECT_KEYS):
            yield StoredKey(**dict(zip(_KEY, row, strict=True)))

    def read_log(self) -> Iterator[LogRecord]:
        """Yield each log, its checkpoints, each with its cosignatures after it; at last the witnesses."""
        for log in self._rows(LogIdentity, "SELECT {} FROM logs ORDER BY log_id"):
            yield log
            for kept in self._rows(
                KeptCheckpoint, "SELECT {} FROM checkpoints WHERE log_id = ? ORDER BY number", log.log_id
            ):
                yield kept
                sql = "SELECT {} FROM cosignatures WHERE number = ? ORDER BY verifier_key"
                yield from self._rows(Cosignature, sql, kept.number)
        yield from self._rows(Witness, "SELECT {} FROM witnesses ORDER BY added_us, verifier_key")

    def _rows(self, kind: type[Row], sql: str, *parameters: int) -> Iterator[Row]:
        for row in self._connection.execute(sql.format(columns_of(kind)), parameters):
            yield row_of(kind, row)


class SqliteEmptyLedger:
    """A write transaction on a ledger that has nothing in it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._has_log = connection.execute("SELECT 1 FROM logs").fetchone() is not None

    def find_digest(self, claim_id: str, version: int, before: int) -> bytes | None:
        """Return the digest of a claim's event of a version, None where none stands before this position."""
        return _find_digest(self._connection, claim_id, version, before)

    def add_event(self, event: LedgerEvent) -> None:
        """Insert an event as it is. Raises ValueError where the place or the id is taken."""
        self._insert(_INSERT_EVENT, attrgetter(*_EVENT)(event))

    def add_key(self, key: StoredKey) -> None:
        """Insert a key as it is. Raises ValueError where there is one with its id or secret."""
        self._insert(_INSERT_KEY, attrgetter(*_KEY)(key))

    def add_log_record(self, record: LogRecord) -> None:
        """Insert what an archive holds of the log, in its order. Raises ValueError where it does not fit."""
        if self._has_log:
            raise NotEmptyError(
                "the ledger has begun a log of its own, and the archive brings one: restore into another folder"
            )
        values = astuple(record)
        places = ", ".join("?" * len(values))
        self._insert(f"INSERT INTO {TABLES[type(record)]} ({columns_of(type(record))}) VALUES ({places})", values)

    def _insert(self, sql: str, values: tuple[object, ...]) -> None:
        try:
            self._connection.execute(sql, values)
        except sqlite3.IntegrityError as error:
            raise ValueError(str(error)) from error


@contextmanager
def open_snapshot(path: Path) -> Iterator[Snapshot]:
    """Open a ledger to read all of it as it is now, beside whoever appends.

    Raises StoreUnavailableError, SchemaTooNewError, SchemaTooOldError.
    """
    with _connected(path) as connection:
        connection.execute("BEGIN")
        yield SqliteSnapshot(connection)


@contextmanager
def open_empty(path: Path) -> Iterator[EmptyLedger]:
    """Open a prepared ledger to fill it. Raises NotEmptyError, StoreUnavailableError."""
    with _connected(path) as connection:
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        connection.execute("BEGIN IMMEDIATE")
        _refuse_contents(connection)
        yield SqliteEmptyLedger(connection)
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def read_head(path: Path) -> int:
    """Return the last position of a ledger, 0 of an empty one. Raises StoreUnavailableError."""
    with _connected(path) as connection:
        return _head(connection)


@contextmanager
def _connected(path: Path) -> Iterator[sqlite3.Connection]:
    """Yield a connection to a ledger that is there; what is not committed when it is left is undone."""
    try:
        with closing(
            sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None, timeout=30)
        ) as connection:
            yield connection
    except sqlite3.Error as error:
        raise StoreUnavailableError(f"{path} can not be read or written: {error}") from error


def _head(connection: sqlite3.Connection) -> int:
    (position,) = connection.execute("SELECT COALESCE(MAX(position), 0) FROM stored_events").fetchone()
    return int(position)


def _refuse_contents(connection: sqlite3.Connection) -> None:
    events, keys = (
        connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0] for table in ("stored_events", "keys")
    )
    if events or keys:
        raise NotEmptyError(
            f"the ledger is not empty, it has {events} events and {keys} keys: restore into another folder"
        )


def _find_digest(connection: sqlite3.Connection, claim_id: str, version: int, before: int) -> bytes | None:
    row = connection.execute(
        """
        SELECT event_sha256
        FROM stored_events
        WHERE originator_id = ? AND originator_version = ? AND position < ?
        """,
        (claim_id, version, before),
    ).fetchone()
    return None if row is None else bytes(row[0])

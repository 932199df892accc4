"""The ledger as a whole on PostgreSQL: one transaction to read all of it, one to fill it."""

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, fields
from operator import attrgetter

import psycopg

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
from service.store.postgres_batch import commit
from service.store.postgres_rows import COLUMNS, insert_rows
from service.store.postgres_schema import Connection, check_schema, connected
from service.store.whole import EmptyLedger, NotEmptyError, Snapshot, StoredKey

_NAMES = COLUMNS.split(", ")
_KEY = tuple(field.name for field in fields(StoredKey))
_SELECT_KEYS = f"SELECT {', '.join(_KEY)} FROM ledger.keys ORDER BY created_us, key_id"
_INSERT_KEY = f"INSERT INTO ledger.keys ({', '.join(_KEY)}) VALUES ({', '.join(['%b'] * len(_KEY))})"
_AT_ONCE = 1000
_CLAIMS = 100_000


class _LastDigests:
    """The digests of the claims' last events, as many as fit: else each event would ask the database for its own."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._last: OrderedDict[str, tuple[int, int, bytes]] = OrderedDict()

    def note(self, event: LedgerEvent) -> None:
        """Remember the newest event of a claim."""
        self._last[str(event.originator_id)] = (event.originator_version, event.position, event.event_sha256)
        self._last.move_to_end(str(event.originator_id))
        if len(self._last) > _CLAIMS:
            self._last.popitem(last=False)

    def holds(self, claim_id: str, version: int) -> bool:
        """Tell whether this version was the last of its claim that was noted."""
        return claim_id in self._last and self._last[claim_id][0] == version

    def find(self, claim_id: str, version: int, before: int) -> bytes | None:
        """Return the digest of a claim's event of a version, None where none stands before this position."""
        if self.holds(claim_id, version):
            _, position, digest = self._last[claim_id]
            return digest if position < before else None
        row = self._connection.execute(
            """
            SELECT event_sha256
            FROM ledger.stored_events
            WHERE originator_id = %b AND originator_version = %b AND position < %b
            """,
            (claim_id, version, before),
            binary=True,
        ).fetchone()
        return None if row is None else bytes(row[0])


class PostgresSnapshot:
    """A read transaction. While it is open nothing is vacuumed that has gone out of use since."""

    engine = "postgres"

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._digests = _LastDigests(connection)
        self.find_digest = self._digests.find
        self.schema_version = check_schema(connection)
        self.head = _head(connection)

    def read_events(self) -> Iterator[LedgerEvent]:
        """Yield every event in the order of the ledger."""
        with self._connection.cursor("events", withhold=False) as cursor:
            cursor.itersize = _AT_ONCE
            cursor.execute(f"SELECT {COLUMNS} FROM ledger.stored_events ORDER BY position", binary=True)
            for row in cursor:
                event = LedgerEvent(**dict(zip(_NAMES, row, strict=True)))
                yield event
                self._digests.note(event)

    def read_keys(self) -> Iterator[StoredKey]:
        """Yield every key, revoked ones too, the oldest first."""
        for row in self._connection.execute(_SELECT_KEYS, binary=True):
            yield StoredKey(**dict(zip(_KEY, row, strict=True)))

    def read_log(self) -> Iterator[LogRecord]:
        """Yield each log, its checkpoints, each with its cosignatures after it; at last the witnesses."""
        for log in self._rows(LogIdentity, "SELECT {} FROM ledger.logs ORDER BY log_id"):
            yield log
            sql = "SELECT {} FROM ledger.checkpoints WHERE log_id = %b ORDER BY number"
            for kept in self._rows(KeptCheckpoint, sql, log.log_id):
                yield kept
                sql = "SELECT {} FROM ledger.cosignatures WHERE number = %b ORDER BY verifier_key"
                yield from self._rows(Cosignature, sql, kept.number)
        yield from self._rows(Witness, "SELECT {} FROM ledger.witnesses ORDER BY added_us, verifier_key")

    def _rows(self, kind: type[Row], sql: str, *parameters: int) -> Iterator[Row]:
        for row in self._connection.execute(sql.format(columns_of(kind)).encode(), parameters, binary=True):
            yield row_of(kind, row)


class PostgresEmptyLedger:
    """A write transaction on a ledger that has nothing in it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._digests = _LastDigests(connection)
        self._kept: list[LedgerEvent] = []
        self._has_log = connection.execute("SELECT FROM ledger.logs").fetchone() is not None

    def find_digest(self, claim_id: str, version: int, before: int) -> bytes | None:
        """Return the digest of a claim's event of a version, None where none stands before this position."""
        if not self._digests.holds(claim_id, version):
            self.flush()
        return self._digests.find(claim_id, version, before)

    def add_event(self, event: LedgerEvent) -> None:
        """Insert an event as it is, with those that follow. Raises ValueError where the place or an id is taken."""
        self._kept.append(event)
        self._digests.note(event)
        if len(self._kept) >= _AT_ONCE:
            self.flush()

    def add_key(self, key: StoredKey) -> None:
        """Insert a key as it is. Raises ValueError where there is one with its id or secret."""
        self.flush()
        try:
            self._connection.execute(_INSERT_KEY, attrgetter(*_KEY)(key))
        except psycopg.IntegrityError as error:
            raise ValueError(str(error)) from error

    def add_log_record(self, record: LogRecord) -> None:
        """Insert what an archive holds of the log, in its order. Raises ValueError where it does not fit."""
        if self._has_log:
            raise NotEmptyError(
                "the ledger has begun a log of its own, and the archive brings one: restore into another database"
            )
        self.flush()
        values = astuple(record)
        table, places = TABLES[type(record)], ", ".join(["%b"] * len(values))
        sql = f"INSERT INTO ledger.{table} ({columns_of(type(record))}) VALUES ({places})"
        try:
            self._connection.execute(sql.encode(), values)
        except psycopg.IntegrityError as error:
            raise ValueError(str(error)) from error

    def flush(self) -> None:
        """Insert what is kept. Raises ValueError where a place or an id of it is taken."""
        if not self._kept:
            return
        try:
            insert_rows(self._connection.cursor(), self._kept)
        except psycopg.IntegrityError as error:
            raise ValueError(str(error)) from error
        self._kept = []


@contextmanager
def open_snapshot(url: str) -> Iterator[Snapshot]:
    """Open a ledger to read all of it as it is now, beside whoever appends.

    Raises StoreUnavailableError, SchemaTooNewError, SchemaTooOldError.
    """
    with connected(url) as connection:
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield PostgresSnapshot(connection)


@contextmanager
def open_empty(url: str) -> Iterator[EmptyLedger]:
    """Open a prepared ledger to fill it. Raises NotEmptyError, StoreUnavailableError; ValueError as `add_event`."""
    with connected(url) as connection:
        connection.execute("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
        connection.execute("SELECT FROM ledger.head FOR UPDATE")
        _refuse_contents(connection)
        ledger = PostgresEmptyLedger(connection)
        yield ledger
        ledger.flush()
        commit(connection)


def read_head(url: str) -> int:
    """Return the last position of a ledger, 0 of an empty one. Raises StoreUnavailableError."""
    with connected(url) as connection:
        return _head(connection)


def _head(connection: Connection) -> int:
    row = connection.execute("SELECT COALESCE(max(position), 0) FROM ledger.stored_events").fetchone()
    return int(row[0]) if row else 0


def _refuse_contents(connection: Connection) -> None:
    row = connection.execute(
        "SELECT (SELECT count(*) FROM ledger.stored_events), (SELECT count(*) FROM ledger.keys)"
    ).fetchone()
    events, keys = row or (0, 0)
    if events or keys:
        raise NotEmptyError(
            f"the ledger is not empty, it has {events} events and {keys} keys: restore into another database"
        )

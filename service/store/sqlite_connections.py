"""SQLite connections as the ledger needs them: durable, and locked at once by who writes."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from eventsourcing.sqlite import (
    SQLiteConnection,
    SQLiteConnectionPool,
    SQLiteCursor,
    SQLiteDatastore,
    SQLiteTransaction,
)

_PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = FULL",
    "foreign_keys = ON",
    "secure_delete = ON",
    # Event ids are spread all over their index: the pages that the next batches need are there already, and what
    # a checkpoint writes has changed more than once.
    "cache_size = -16384",
    "wal_autocheckpoint = 4096",
)


class LedgerConnection(SQLiteConnection):
    """A connection whose writing transactions take the lock at once, not at their first write."""

    @contextmanager
    def transaction(self, *, commit: bool) -> Iterator[SQLiteCursor]:
        """Run a transaction; a commit here is on disk when it returns."""
        with _Transaction(self, commit=commit) as cursor, cursor:
            yield cursor


class _Transaction(SQLiteTransaction):
    def __enter__(self) -> SQLiteCursor:
        cursor = self.connection.cursor()
        cursor.execute("BEGIN IMMEDIATE" if self.commit else "BEGIN")
        return cursor

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            super().__exit__(kind, error, trace)
        finally:
            # A commit that failed leaves the transaction open, and the lock with it. Else this does nothing.
            self.connection.rollback()


class LedgerPool(SQLiteConnectionPool):
    """Connections that are durable, check foreign keys, and remember their statements."""

    def _create_connection(self) -> LedgerConnection:
        connection = sqlite3.connect(
            self.db_name, check_same_thread=False, isolation_level=None, cached_statements=256, timeout=30
        )
        connection.row_factory = sqlite3.Row
        try:
            for pragma in _PRAGMAS:
                connection.execute(f"PRAGMA {pragma}")
        except sqlite3.Error:
            connection.close()
            raise
        return LedgerConnection(connection, max_age=self.max_age)


class LedgerDatastore(SQLiteDatastore):
    """The library's datastore with our connections."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path), originator_id_type="text")
        self.pool.close()
        self.pool = LedgerPool(db_name=str(path))

    @contextmanager
    def get_connection(self, *, commit: bool) -> Iterator[SQLiteConnection]:  # noqa: ARG002  # see below
        """Lend a connection of the pool."""
        # Not as the writer's: the pool's writer lock stays locked for ever where a connection can not be
        # made, and who writes takes SQLite's own lock anyhow.
        connection = self.pool.get_connection()
        try:
            yield connection
        finally:
            self.pool.put_connection(connection)

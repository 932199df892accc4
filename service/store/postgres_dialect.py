"""Lets SQL that is written for both engines run on PostgreSQL: placeholders, types, and few trips to the server.

What is written is kept until something is read or committed, and goes with it in one message: nobody waits for
the answer to each row. The parameters are put into the text here, by the driver, so that no statement has to be
prepared in a session that a pooler may take away.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any

import psycopg
from psycopg import ClientCursor
from psycopg.adapt import Loader
from psycopg.pq import TransactionStatus
from psycopg.rows import tuple_row

_MOST_KEPT_BYTES = 1024 * 1024
_READS = re.compile(r"\s*(SELECT|WITH|VALUES)\b", re.IGNORECASE)
_DEFINES = re.compile(r"\s*CREATE TABLE\b", re.IGNORECASE)
_TABLE_OPTIONS = re.compile(r"\)\s*(STRICT|WITHOUT ROWID)(\s*,\s*(STRICT|WITHOUT ROWID))?\s*$")
# Text is compared by its bytes, as SQLite does, whatever the database's own order is.
_TYPES = {"INTEGER": "bigint", "BLOB": "bytea", "TEXT": 'text COLLATE "C"'}
_TYPE = re.compile(r"\b(INTEGER|BLOB|TEXT)\b")


class _WholeNumber(Loader):
    """Sums of integers are of a type without end here."""

    def load(self, data: Any) -> int:  # Any: whatever buffer the driver hands over
        return int(bytes(data))


class Rows:
    """What a statement has answered, or will."""

    def __init__(self, connection: "PostgresConnection", cursor: ClientCursor[Any] | None) -> None:
        self._connection = connection
        self._cursor = cursor

    @property
    def rowcount(self) -> int:
        """How many rows the statement changed, for which it has to be the last one that was run."""
        return self._connection.flush().rowcount if self._cursor is None else self._cursor.rowcount

    def fetchone(self) -> Any:  # Any: a row of whichever types, here and below
        """Return the next row, None at the end."""
        return None if self._cursor is None else self._cursor.fetchone()

    def fetchall(self) -> list[Any]:
        """Return all the rows that are left."""
        return [] if self._cursor is None else self._cursor.fetchall()


class PostgresConnection:
    """A connection as read models ask for it. It has one owner, who begins and ends its transactions."""

    engine = "postgres"

    def __init__(self, connect: Callable[[], psycopg.Connection[Any]]) -> None:
        """Connect when something is first asked."""
        self._connect = connect
        self._connection: psycopg.Connection[Any] | None = None
        self._kept: list[str] = []
        self._kept_bytes = 0

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> Rows:
        """Run a statement that reads; keep one that writes."""
        self._keep(sql, parameters)
        return Rows(self, self.flush() if _READS.match(sql) else None)

    def executemany(self, sql: str, parameters: Iterable[Sequence[Any]], /) -> Rows:
        """Keep a statement for each set of parameters."""
        for values in parameters:
            self._keep(sql, values)
        return Rows(self, None)

    def rollback(self) -> None:
        """Undo the transaction under way; do nothing where it has ended already."""
        self._forget()
        if self._connection is not None:
            with suppress(psycopg.Error):  # where the connection is lost, so is the transaction
                self._connection.rollback()

    @property
    def is_in_transaction(self) -> bool:
        """Whether a transaction was begun that has not ended."""
        return self._live().info.transaction_status != TransactionStatus.IDLE

    def close(self) -> None:
        """Close the connection, and undo what was not committed; what is asked next has a new one."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def flush(self) -> ClientCursor[Any]:
        """Run what is kept, and return the answer to the last of it."""
        message = ";".join(self._kept)
        self._forget()
        cursor = ClientCursor(self._live(), row_factory=tuple_row)
        if message:
            cursor.execute(message.encode())
            cursor.set_result(-1)
        return cursor

    def _live(self) -> psycopg.Connection[Any]:
        """Return the connection, also one that was lost: a transaction does not go on with another."""
        if self._connection is None:
            self._connection = self._connect()
            self._connection.adapters.register_loader("numeric", _WholeNumber)
        return self._connection

    def _keep(self, sql: str, parameters: Sequence[Any]) -> None:
        values = [int(value) if isinstance(value, bool) else value for value in parameters]
        statement = ClientCursor(self._live()).mogrify(translated(sql), values)
        self._kept.append(statement)
        self._kept_bytes += len(statement)
        if self._kept_bytes > _MOST_KEPT_BYTES and not _READS.match(sql):
            self.flush()

    def _forget(self) -> None:
        self._kept = []
        self._kept_bytes = 0


@lru_cache(maxsize=1024)
def translated(sql: str) -> str:
    """Return a statement in PostgreSQL's words, with the driver's placeholders."""
    text = sql.replace("%", "%%").replace("?", "%s").replace("CROSS JOIN", "JOIN").strip()
    if _DEFINES.match(text):
        text = _TYPE.sub(lambda match: _TYPES[match[1]], _TABLE_OPTIONS.sub(")", text))
    return text

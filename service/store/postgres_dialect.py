"""Lets SQL that is written for both engines run on PostgreSQL: placeholders, types, and few trips to the server.

What is written is kept until something is read or committed, and goes with it in one message: nobody waits for
the answer to each row. Many rows become one statement, which is parsed and planned once. The parameters are put into
the text here, by the driver, so that no statement has to be prepared in a session that a pooler may take away.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any, NamedTuple

import psycopg
from psycopg import ClientCursor
from psycopg.adapt import Loader
from psycopg.pq import TransactionStatus
from psycopg.rows import tuple_row

_MOST_KEPT_BYTES = 1024 * 1024
_MOST_ROWS_BYTES = 64 * 1024
_READS = re.compile(r"\s*(SELECT|WITH|VALUES)\b", re.IGNORECASE)
# What follows the row, such as ON CONFLICT, may have each row see those before it: such a statement is run for each.
_INSERTS = re.compile(r"\s*(INSERT INTO [^()]+(?:\([^()]*\)\s*)?VALUES\s*)(\([^()]*\))\s*", re.IGNORECASE)
_DELETES = re.compile(r"\s*(DELETE FROM \w+\s+WHERE \w+) = \?\s*", re.IGNORECASE)
_DEFINES = re.compile(r"\s*CREATE TABLE\b", re.IGNORECASE)
_TABLE_OPTIONS = re.compile(r"\)\s*(STRICT|WITHOUT ROWID)(\s*,\s*(STRICT|WITHOUT ROWID))?\s*$")
# Text is compared by its bytes, as SQLite does, whatever the database's own order is.
_TYPES = {"INTEGER": "bigint", "BLOB": "bytea", "TEXT": 'text COLLATE "C"'}
_TYPE = re.compile(r"\b(INTEGER|BLOB|TEXT)\b")


class _WholeNumber(Loader):
    """Sums of integers are of a type without end here."""

    def load(self, data: Any) -> int:  # Any: whatever buffer the driver hands over
        return int(bytes(data))


class _ForMany(NamedTuple):
    """A statement that takes many rows: what stands before them, the form of one, and what stands after them."""

    before: str
    row: str
    after: str


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
        """Keep a statement for each set of parameters, or one for many of them where that does the same."""
        form = _for_many(sql)
        if form is None:
            for values in parameters:
                self._keep(sql, values)
        else:
            self._keep_many(form, parameters)
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
        self._add(ClientCursor(self._live()).mogrify(translated(sql), _plain(parameters)))
        if not _READS.match(sql):
            self._flush_if_long()

    def _keep_many(self, form: _ForMany, parameters: Iterable[Sequence[Any]]) -> None:
        cursor = ClientCursor(self._live())
        rows: list[str] = []
        size = 0
        for values in parameters:
            rows.append(cursor.mogrify(form.row, _plain(values)))
            size += len(rows[-1])
            if size > _MOST_ROWS_BYTES:
                self._add_many(form, rows)
                rows, size = [], 0
        if rows:
            self._add_many(form, rows)

    def _add_many(self, form: _ForMany, rows: Sequence[str]) -> None:
        self._add(f"{form.before}{', '.join(rows)}{form.after}")
        self._flush_if_long()

    def _add(self, statement: str) -> None:
        self._kept.append(statement)
        self._kept_bytes += len(statement)

    def _flush_if_long(self) -> None:
        if self._kept_bytes > _MOST_KEPT_BYTES:
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


@lru_cache(maxsize=1024)
def _for_many(sql: str) -> _ForMany | None:
    """Return how a statement is written for many rows, None where it may not mean the same."""
    if found := _INSERTS.fullmatch(sql):
        return _ForMany(found[1], translated(found[2]), "")
    if found := _DELETES.fullmatch(sql):
        return _ForMany(f"{found[1]} IN (", "%s", ")")
    return None


def _plain(values: Sequence[Any]) -> list[Any]:  # Any: of whichever type a column is
    """Return parameters as columns take them: truth is a number, as on SQLite."""
    return [int(value) if isinstance(value, bool) else value for value in values]

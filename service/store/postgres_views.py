"""The read models on PostgreSQL: a schema for each generation of them, beside that of the ledger."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import psycopg
from psycopg.errors import OperationalError, SerializationFailure, UndefinedTable

from projections.tracking import OvertakenError
from service.store.postgres_connections import CONNECT
from service.store.postgres_dialect import PostgresConnection, Rows
from service.store.records import StoreUnavailableError

_BEGIN_READING = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
# Whoever works on the position row is the follower. Who stands still with it in hands loses it.
_BEGIN_FOLLOWING = """
    BEGIN ISOLATION LEVEL REPEATABLE READ READ WRITE;
    SET LOCAL idle_in_transaction_session_timeout = '10s';
    SET LOCAL synchronous_commit = off
"""
# One statement is of one moment, and one way to the server: nodes that do not follow look many times a second.
_SELECT_PROGRESS = """
    SELECT
      COALESCE((SELECT number FROM ledger.read_models WHERE fingerprint = ?), 1),
      {position},
      (SELECT COALESCE(MAX(position), 0) FROM ledger.stored_events),
      (SELECT COALESCE(MAX(position), 0) FROM ledger.stored_events WHERE topic = 'EventErased')
"""
_TAKE_POSITION = "SELECT notification_id FROM tracking FOR UPDATE SKIP LOCKED"


@dataclass(frozen=True, slots=True)
class ViewsSchema:
    """One generation of read models: of which tables (the fingerprint), and the how manieth."""

    fingerprint: int
    number: int

    @property
    def name(self) -> str:
        """The schema's name in the database."""
        return f"views_{self.fingerprint:08x}_{self.number}"


@dataclass(frozen=True, slots=True)
class Progress:
    """Which generation is current, how far this one has come, where the ledger ends, and its last erasure.

    All at one moment.
    """

    current: ViewsSchema
    position: int
    head: int
    erased: int


class _NoReadModelsError(StoreUnavailableError):
    """The generation is not there, or no longer."""


class ViewsConnection(PostgresConnection):
    """A connection to one generation, made anew at the beginning of a transaction where it was lost."""

    def __init__(self, url: str, schema: ViewsSchema) -> None:
        self._schema = schema
        super().__init__(partial(_connect, url))

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> Rows:
        """Run or keep a statement; BEGIN is for who reads, BEGIN IMMEDIATE for who follows.

        Raises OvertakenError where another node follows.
        """
        if sql == "BEGIN":
            self._begin(_BEGIN_READING)
        elif sql == "BEGIN IMMEDIATE":
            self._follow()
        elif sql == "COMMIT":
            self._keep(sql, parameters)
            self.flush()
        else:
            return super().execute(sql, parameters)
        return Rows(self, None)

    def progress(self) -> Progress:
        """Return how far the read models have come."""
        try:
            row = self._look(f"(SELECT notification_id FROM {self._schema.name}.tracking)")
        except _NoReadModelsError:
            row = self._look("0")
        number, position, head, erased = row
        return Progress(ViewsSchema(self._schema.fingerprint, number), position, head, erased)

    def flush(self) -> Any:  # Any: a cursor of the driver
        """Run what is kept. Raises StoreUnavailableError where the database is away, or has other read models now."""
        try:
            return super().flush()
        except SerializationFailure as error:
            raise OvertakenError("another node has brought the read models up to date") from error
        except UndefinedTable as error:
            raise _NoReadModelsError(_not_reached(error)) from error
        except OperationalError as error:
            raise StoreUnavailableError(_not_reached(error)) from error

    def _look(self, position: str) -> Any:  # Any: a row
        return self._first(_SELECT_PROGRESS.format(position=position), (self._schema.fingerprint,)).fetchone()

    def _begin(self, statement: str, then: str = "") -> Any:  # Any: a cursor of the driver
        """Begin a transaction, and run what is asked first in it, all in one message."""
        return self._first(f"{statement}; SET LOCAL search_path TO {self._schema.name}; {then}".rstrip("; "))

    def _first(self, statement: str, parameters: Sequence[Any] = ()) -> Any:  # Any: a cursor of the driver
        """Run what nothing has gone before; where it fails nothing is left of it."""
        self.flush()
        try:
            return self._run(statement, parameters)
        except OvertakenError:
            self.rollback()
            raise
        except StoreUnavailableError as error:
            self.close()
            if isinstance(error, _NoReadModelsError):
                raise
            # Lost while nobody used it, perhaps: nothing has begun, so it may begin anew.
            return self._run(statement, parameters)

    def _run(self, statement: str, parameters: Sequence[Any]) -> Any:  # Any: a cursor of the driver
        self._keep(statement, parameters)
        return self.flush()

    def _follow(self) -> None:
        if self._begin(_BEGIN_FOLLOWING, _TAKE_POSITION).fetchone() is None:
            self.rollback()
            raise OvertakenError("another node brings the read models up to date")


def _connect(url: str) -> psycopg.Connection[Any]:
    try:
        return psycopg.connect(url, **CONNECT)
    except OperationalError as error:
        line = str(error).strip().partition("\n")[0]
        raise StoreUnavailableError(f"the database can not be reached: {line}") from error


def _not_reached(error: psycopg.Error) -> str:
    line = str(error).partition("\n")[0]
    return f"the read models can not be reached: {line}"

"""The read models on PostgreSQL: a schema for each generation of them, beside that of the ledger."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import Any

import psycopg
from psycopg.errors import OperationalError, SerializationFailure, UndefinedTable

from projections.follower import create_tables, schema_fingerprint
from projections.tracking import OvertakenError
from service.store.generations import RebuildUnderWayError
from service.store.postgres_connections import CONNECT
from service.store.postgres_dialect import PostgresConnection, Rows
from service.store.postgres_schema import Connection, connected
from service.store.records import StoreUnavailableError

_PREPARING, _REBUILDING = 1, 2
_USED_EVERY_S = 3600.0
_UNUSED_AFTER = "1 day"
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


class PostgresGenerations:
    """The read models' schemas in a database, of which one is current for each set of tables.

    Releases with other tables have others, so that nodes of two releases can run beside each other.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._fingerprint = schema_fingerprint()
        self._used_s: float | None = None

    def current(self) -> ViewsSchema:
        """Return the generation that readers read."""
        with connected(self._url) as connection:
            if self._used_s is None or monotonic() - self._used_s > _USED_EVERY_S:
                self._note_use(connection)
            row = connection.execute(
                "SELECT number FROM ledger.read_models WHERE fingerprint = %s", (self._fingerprint,)
            ).fetchone()
        return ViewsSchema(self._fingerprint, row[0] if row else 1)

    def next(self) -> ViewsSchema:
        """Return the generation that a rebuild makes."""
        return ViewsSchema(self._fingerprint, self.current().number + 1)

    def open(self, schema: ViewsSchema) -> ViewsConnection:
        """Return a connection to a generation, which sees the ledger too."""
        return ViewsConnection(self._url, schema)

    def reader(self, schema: ViewsSchema, url: str | None = None) -> Callable[[], ViewsConnection]:
        """Return what opens a generation to read only, perhaps on a replica."""
        return partial(ViewsConnection, url or self._url, schema)

    def is_fit(self, schema: ViewsSchema) -> bool:
        """Tell whether a generation is there, and of this ledger."""
        with connected(self._url) as connection:
            return _is_fit(connection, schema)

    def prepare(self, schema: ViewsSchema) -> None:
        """Leave a generation that fits, an empty one where there was none."""
        with connected(self._url) as connection, connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%s, %s)", (_PREPARING, self._fingerprint))
            if not _is_fit(connection, schema):
                connection.execute(f"DROP SCHEMA IF EXISTS {schema.name} CASCADE".encode())
                connection.execute(f"CREATE SCHEMA {schema.name}".encode())
                connection.execute(f"SET LOCAL search_path TO {schema.name}".encode())
                tables = PostgresConnection(lambda: connection)
                create_tables(tables)
                tables.flush()

    def publish(self, schema: ViewsSchema) -> None:
        """Make a generation the current one. Who reads the other one changes over when it next looks."""
        with connected(self._url) as connection:
            connection.execute(
                """
                INSERT INTO ledger.read_models (fingerprint, number, used_at) VALUES (%s, %s, now())
                ON CONFLICT (fingerprint) DO UPDATE SET number = excluded.number, used_at = excluded.used_at
                """,
                (schema.fingerprint, schema.number),
            )

    def remove_others(self) -> None:
        """Remove what nobody reads any more: former generations, and those of releases that were not run for a day.

        Where a node reads one all the same it changes over with its next look, and answers 503 till then.
        """
        current = self.current()
        with connected(self._url) as connection:
            connection.execute(
                f"DELETE FROM ledger.read_models WHERE used_at < now() - interval '{_UNUSED_AFTER}'".encode()
            )
            used = {row[0] for row in connection.execute("SELECT fingerprint FROM ledger.read_models").fetchall()}
            for schema in _schemas(connection):
                is_ours = schema.fingerprint == current.fingerprint
                if schema.number < current.number if is_ours else schema.fingerprint not in used:
                    _drop(connection, schema)

    def remove_foreign(self) -> None:
        """Remove what was made from another ledger, before an empty one is filled: all that has come past 0."""
        with connected(self._url) as connection:
            for schema in _schemas(connection):
                _drop(connection, schema)

    @contextmanager
    def rebuilding(self) -> Iterator[None]:
        """Keep others from building the next generation; who is killed lets go. Raises RebuildUnderWayError."""
        with connected(self._url) as connection:
            connection.execute("BEGIN")
            locked = connection.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", (_REBUILDING, self._fingerprint))
            if locked.fetchone() != (True,):
                raise RebuildUnderWayError("another rebuild is under way")
            yield

    @contextmanager
    def build_next(self) -> Iterator[ViewsConnection]:
        """Lend the next read models, which become the current ones when they are left without an error."""
        with self.rebuilding():
            schema = self.next()
            self.remove_others()
            self.prepare(schema)
            with closing(self.open(schema)) as connection:
                yield connection
            self.publish(schema)

    def _note_use(self, connection: Connection) -> None:
        connection.execute(
            """
            INSERT INTO ledger.read_models (fingerprint, number, used_at) VALUES (%s, 1, now())
            ON CONFLICT (fingerprint) DO UPDATE SET used_at = now()
            """,
            (self._fingerprint,),
        )
        self._used_s = monotonic()


def _connect(url: str) -> psycopg.Connection[Any]:
    try:
        return psycopg.connect(url, **CONNECT)
    except OperationalError as error:
        line = str(error).strip().partition("\n")[0]
        raise StoreUnavailableError(f"the database can not be reached: {line}") from error


def _not_reached(error: psycopg.Error) -> str:
    line = str(error).partition("\n")[0]
    return f"the read models can not be reached: {line}"


def _is_fit(connection: Connection, schema: ViewsSchema) -> bool:
    found = connection.execute(
        "SELECT FROM pg_tables WHERE schemaname = %s AND tablename = 'tracking'", (schema.name,)
    ).fetchone()
    if found is None:
        return False
    row = connection.execute(
        f"""
        SELECT (SELECT max(notification_id) FROM {schema.name}.tracking)
          <= (SELECT COALESCE(max(position), 0) FROM ledger.stored_events)
        """.encode()
    ).fetchone()
    return row is not None and bool(row[0])


def _schemas(connection: Connection) -> list[ViewsSchema]:
    rows = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'views\\_%'").fetchall()
    matches = (re.fullmatch(r"views_([0-9a-f]{8})_([0-9]{1,9})", name) for (name,) in rows)
    return [ViewsSchema(int(match[1], 16), int(match[2])) for match in matches if match]


def _drop(connection: Connection, schema: ViewsSchema) -> None:
    with suppress(UndefinedTable):
        connection.execute(f"DROP SCHEMA IF EXISTS {schema.name} CASCADE".encode())

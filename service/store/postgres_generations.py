"""The generations of read models on PostgreSQL, of which one is current: a rebuild makes the next one beside it."""

import re
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from time import monotonic

from psycopg.errors import UndefinedTable

from projections.follower import create_tables, schema_fingerprint
from service.store.generations import RebuildUnderWayError
from service.store.postgres_dialect import PostgresConnection
from service.store.postgres_schema import Connection, connected
from service.store.postgres_views import ViewsConnection, ViewsSchema

_PREPARING, _REBUILDING = 1, 2
_USED_EVERY_S = 3600.0
_UNUSED_AFTER = "1 day"


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

    def discard_next(self) -> None:
        """Remove the next read models, which nobody will complete. Raises RebuildUnderWayError."""
        with self.rebuilding(), connected(self._url) as connection:
            _drop(connection, self.next())

    def _note_use(self, connection: Connection) -> None:
        connection.execute(
            """
            INSERT INTO ledger.read_models (fingerprint, number, used_at) VALUES (%s, 1, now())
            ON CONFLICT (fingerprint) DO UPDATE SET used_at = now()
            """,
            (self._fingerprint,),
        )
        self._used_s = monotonic()


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

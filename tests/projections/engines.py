"""Empty read models beside an empty ledger, on the engine under test."""

import sqlite3
from collections.abc import Callable
from contextlib import ExitStack, closing
from functools import cache
from typing import Any

import psycopg

from projections.follower import create_tables
from service.store.migrations import migrate_sqlite
from service.store.postgres_generations import PostgresGenerations
from service.store.postgres_schema import prepare_ledger
from service.store.postgres_views import ViewsConnection
from tests.postgres_server import Databases

Connection = Any
"""Any: of either driver, with what tests ask of it besides."""

_EMPTY = """
    DO $$
    DECLARE name text;
    BEGIN
      SET LOCAL session_replication_role = replica;
      ALTER TABLE ledger.stored_events DISABLE TRIGGER USER;
      FOR name IN SELECT tablename FROM pg_tables WHERE schemaname ~ '^views_' LOOP
        EXECUTE format('DELETE FROM %I', name);
      END LOOP;
      DELETE FROM ledger.stored_events;
      INSERT INTO tracking (application_name, notification_id) VALUES ('views', 0);
      ALTER TABLE ledger.stored_events ENABLE TRIGGER USER;
    END $$
"""


class Engine:
    """SQLite in memory, or databases of a PostgreSQL that are emptied and lent again."""

    def __init__(self) -> None:
        self.connect: Callable[[], Connection] = connect_sqlite

    def use(self, databases: Databases, stack: ExitStack) -> None:
        """Lend databases from now on, for as long as the stack is there."""
        free: list[str] = []

        def connect() -> Connection:
            url = free.pop() if free else _prepared(stack.enter_context(databases.fresh()))
            lent = _Lent(url, free)
            # Whoever still holds it when the database is given back must not empty it later: it is another's then.
            stack.callback(lent.close)
            return lent

        self.connect = connect


class _Lent(ViewsConnection):
    """A connection that gives its database back, empty, when it is closed."""

    def __init__(self, url: str, free: list[str]) -> None:
        self._at = url
        self._free = free
        self._is_lent = True
        super().__init__(url, PostgresGenerations(url).current())

    def close(self) -> None:
        if not self._is_lent:
            return
        self._is_lent = False
        super().close()
        with psycopg.connect(self._at, autocommit=True) as connection:
            connection.execute(_EMPTY)
        self._free.append(self._at)


def _prepared(url: str) -> str:
    """Return the address of a database with all tables, in which names mean the read models."""
    prepare_ledger(url)
    generations = PostgresGenerations(url)
    generations.prepare(generations.current())
    return f"{url}?options=-csearch_path%3D{generations.current().name}"


def is_in_transaction(connection: Connection) -> bool:
    """Tell whether a transaction was begun and has not ended."""
    if isinstance(connection, sqlite3.Connection):
        return connection.in_transaction
    return bool(connection.is_in_transaction)


def unguard(connection: Connection) -> None:
    """Let a ledger be changed as only somebody with the database in hands can."""
    if not isinstance(connection, sqlite3.Connection):
        connection.execute("ALTER TABLE ledger.stored_events DISABLE TRIGGER USER")
        return
    for (name,) in connection.execute("SELECT name FROM ledger.sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER ledger.{name}")


def connect_sqlite() -> sqlite3.Connection:
    # Closed by whoever collects the garbage, in whichever thread.
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    connection.execute("ATTACH DATABASE ':memory:' AS ledger")
    connection.deserialize(_empty(create_tables), name="main")
    connection.deserialize(_empty(migrate_sqlite), name="ledger")
    return connection


@cache
def _empty(make: Callable[[sqlite3.Connection], object]) -> bytes:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        make(connection)
        return connection.serialize()


engine = Engine()
"""The engine under test."""

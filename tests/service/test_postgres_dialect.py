"""SQL that is written for both engines, as PostgreSQL runs it: the same rows, by few statements."""

from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest

from service.store.postgres_connections import CONNECT
from service.store.postgres_dialect import PostgresConnection

pytestmark = pytest.mark.postgres

_COUNTED = """
    CREATE TABLE run (statements bigint);
    INSERT INTO run VALUES (0);
    CREATE FUNCTION count_it() RETURNS trigger LANGUAGE plpgsql AS
      'BEGIN UPDATE run SET statements = statements + 1; RETURN NULL; END';
    CREATE TRIGGER counted AFTER INSERT OR DELETE ON things FOR EACH STATEMENT EXECUTE FUNCTION count_it();
"""
INSERT = "INSERT INTO things (number, name, body, is_new) VALUES (?, ?, ?, ?)"


@pytest.fixture
def connection(postgres_url: str) -> Iterator[PostgresConnection]:
    """A connection to a table that counts the statements which write to it."""
    with closing(PostgresConnection(lambda: psycopg.connect(postgres_url, **CONNECT))) as connection:
        connection.execute("CREATE TABLE things (number INTEGER PRIMARY KEY, name TEXT, body BLOB, is_new INTEGER)")
        connection.execute(_COUNTED)
        yield connection


def things(connection: PostgresConnection) -> list[tuple[object, ...]]:
    return connection.execute("SELECT number, name, body, is_new FROM things ORDER BY number").fetchall()


def statements(connection: PostgresConnection) -> int:
    return int(connection.execute("SELECT statements FROM run").fetchone()[0])


def test_many_rows_are_inserted_by_one_statement_whatever_they_hold(connection):
    rows = [(1, "100 % of 'it', (?)", b"\0\xff", True), (-2, None, None, False), (3, "", b"", None)]
    connection.executemany(INSERT, rows)
    assert things(connection) == [(-2, None, None, 0), (1, "100 % of 'it', (?)", b"\0\xff", 1), (3, "", b"", None)]
    assert statements(connection) == 1


def test_more_rows_than_go_into_one_message_are_inserted_all_the_same(connection):
    connection.executemany(INSERT, ((number, "x" * 1000, None, 0) for number in range(3000)))
    assert connection.execute("SELECT count(*), min(number), max(number) FROM things").fetchone() == (3000, 0, 2999)
    assert statements(connection) < 100


def test_no_rows_are_no_statement(connection):
    connection.executemany(INSERT, [])
    connection.executemany("DELETE FROM things WHERE number = ?", [])
    assert statements(connection) == 0


def test_many_rows_are_deleted_by_one_statement(connection):
    connection.executemany("INSERT INTO things VALUES (?, NULL, NULL, NULL)", [(number,) for number in range(5)])
    connection.executemany("DELETE FROM things WHERE number = ?", [(number,) for number in (1, 3, None, 7)])
    assert [row[0] for row in things(connection)] == [0, 2, 4]
    assert statements(connection) == 2


def test_rows_that_meet_others_are_written_one_after_the_other(connection):
    add = f"{INSERT} ON CONFLICT (number) DO UPDATE SET is_new = things.is_new + excluded.is_new"
    connection.executemany(add, [(1, None, None, 2), (1, None, None, 3)])
    assert things(connection) == [(1, None, None, 5)]

"""A ledger's schema on PostgreSQL is made once, brought up to date, and refused where it is newer or unfit."""

import threading

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege

from service.store.databases import PostgresLedger
from service.store.migrations import SchemaTooNewError, SchemaTooOldError
from service.store.records import StoreUnavailableError
from tests.service.desk import Desk, opened
from tests.service.posting import deny, report


@pytest.fixture
def ledger(postgres_url) -> PostgresLedger:
    return PostgresLedger(postgres_url)


def run(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def tables(url: str) -> list[tuple[str, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'ledger' ORDER BY 1").fetchall()


def test_an_empty_database_gets_a_ledger_once(ledger):
    before, after = ledger.migrate()
    assert (before, ledger.migrate()) == (0, (after, after))
    assert {("stored_events",), ("keys",), ("head",)} <= set(tables(ledger.url))


def test_a_schema_from_a_newer_release_is_refused(ledger):
    ledger.prepare()
    run(ledger.url, "UPDATE ledger.schema_version SET version = 1000")
    for refused in (ledger.prepare, ledger.migrate, lambda: ledger.prepare(migrate=False), ledger.snapshot().__enter__):
        with pytest.raises(SchemaTooNewError, match="schema 1000"):
            refused()


def test_a_schema_that_may_not_be_changed_is_refused_where_it_is_old(ledger):
    with pytest.raises(SchemaTooOldError, match="run onrecord migrate"):
        ledger.prepare(migrate=False)
    ledger.migrate()
    ledger.prepare(migrate=False)


def test_several_that_open_a_new_ledger_at_once_all_find_it(ledger):
    failures: list[Exception] = []
    barrier = threading.Barrier(4)

    def prepare() -> None:
        barrier.wait()
        try:
            ledger.prepare()
        except StoreUnavailableError as error:
            failures.append(error)

    threads = [threading.Thread(target=prepare) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_a_migration_that_fails_leaves_no_half_of_it(ledger):
    run(ledger.url, "CREATE SCHEMA ledger", "CREATE TABLE ledger.keys (something_else text)")
    with pytest.raises(StoreUnavailableError, match="already exists"):
        ledger.prepare()
    assert tables(ledger.url) == [("keys",)]


def test_a_database_that_is_not_there_is_unavailable():
    with pytest.raises(StoreUnavailableError, match="can not be read or written"):
        PostgresLedger("postgresql://nobody@127.0.0.1:1/nothing").prepare()


def test_a_role_that_only_reads_can_not_append(ledger):
    """The grants are those of docs/operations.md."""
    ledger.prepare()
    run(
        ledger.url,
        "DO $$ BEGIN CREATE ROLE onrecord_read LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
        "GRANT USAGE ON SCHEMA ledger TO onrecord_read",
        "GRANT SELECT ON ledger.stored_events TO onrecord_read",
    )
    with opened(ledger) as application, Desk(application.recorder) as desk:
        desk.receipts(report(), deny())
    with psycopg.connect(ledger.url, user="onrecord_read", autocommit=True) as reader:
        assert reader.execute("SELECT count(*) FROM ledger.stored_events").fetchone() == (2,)
        for refused in (
            "SELECT * FROM ledger.keys",
            "DELETE FROM ledger.stored_events",
            "SELECT FROM ledger.head FOR UPDATE",
        ):
            with pytest.raises(InsufficientPrivilege):
                reader.execute(refused.encode())

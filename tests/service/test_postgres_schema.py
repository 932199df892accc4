"""A ledger's schema on PostgreSQL is made once, brought up to date, and refused where it is newer or unfit."""

import threading
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg.errors import DuplicateObject, InsufficientPrivilege

from service.accesses import Access, AccessStore
from service.keys import KeyStore
from service.sharing import SharedFollower
from service.store.databases import PostgresLedger
from service.store.migrations import SchemaTooNewError, SchemaTooOldError
from service.store.postgres_generations import PostgresGenerations
from service.store.postgres_views import ViewsConnection
from service.store.records import StoreUnavailableError
from tests.service.desk import NOON_US, Desk, opened
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


DOCS = Path(__file__).parents[2] / "docs" / "postgresql.md"


def documented(kind: str) -> list[str]:
    """Return the statements of a kind that operators are told to run."""
    text = DOCS.read_text().partition("## Roles")[2].partition("\n## ")[0]
    found = [line.strip() for line in text.splitlines() if line.startswith(f"    {kind}")]
    assert found
    return found


@pytest.fixture
def with_roles(ledger: PostgresLedger) -> PostgresLedger:
    """A ledger with the roles and grants of the documentation."""
    ledger.prepare()
    for statement in documented("CREATE ROLE"):
        with suppress(DuplicateObject):
            run(ledger.url, statement)
    name = urlsplit(ledger.url).path[1:]
    run(ledger.url, *(grant.replace("DATABASE onrecord", f"DATABASE {name}") for grant in documented("GRANT")))
    run(of_role(ledger, "onrecord"), *documented("ALTER DEFAULT PRIVILEGES"))
    return ledger


def of_role(ledger: PostgresLedger, role: str) -> str:
    return ledger.url.replace("//postgres@", f"//{role}@")


def test_the_services_role_can_do_its_work_and_not_change_the_guards(with_roles):
    url = of_role(with_roles, "onrecord")
    with opened(PostgresLedger(url)) as application, Desk(application.recorder) as desk:
        desk.receipts(report(), deny())
    keys = KeyStore(PostgresLedger(url).tables)
    keys.create("desk", "editor", None, NOON_US)
    keys.mark_used([keys.list_keys()[0].key_id], NOON_US)
    access = Access(read_us=NOON_US, key_id="1", key_name="desk", audience=2, address="/")
    AccessStore(PostgresLedger(url).tables).add([access])
    node = SharedFollower(PostgresGenerations(url), lambda _: None)
    assert node.step() == 2
    node.close()
    for refused in (
        "ALTER TABLE ledger.stored_events DISABLE TRIGGER USER",
        "DROP TABLE ledger.stored_events",
        "UPDATE ledger.stored_events SET state = NULL",
        "DELETE FROM ledger.keys",
        "DELETE FROM ledger.accesses",
        "SET session_replication_role = replica",
    ):
        with pytest.raises(InsufficientPrivilege):
            run(url, refused)


def test_a_role_that_only_reads_sees_events_and_read_models_and_no_keys(with_roles):
    with opened(with_roles) as application, Desk(application.recorder) as desk:
        desk.receipts(report())
    node = SharedFollower(PostgresGenerations(of_role(with_roles, "onrecord")), lambda _: None)
    assert node.step() == 1
    url = of_role(with_roles, "onrecord_read")
    reader = ViewsConnection(url, node.schema)
    reader.execute("BEGIN")
    assert reader.execute("SELECT claim_id FROM claims").fetchall() == [("six-officers",)]
    assert reader.progress().position == 1
    for closing in (reader, node):
        closing.close()
    for refused in (
        "SELECT FROM ledger.keys",
        "SELECT FROM ledger.accesses",
        "DELETE FROM ledger.stored_events",
        "SELECT FROM ledger.head FOR UPDATE",
    ):
        with pytest.raises(InsufficientPrivilege):
            run(url, refused)

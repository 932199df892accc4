"""A ledger's folder is made, brought up to date once, and refused where it is newer or can not be written."""

import os
import resource
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from api.ports import UnavailableError
from service.store.migrations import SchemaTooNewError
from service.store.records import StoreUnavailableError
from service.store.sqlite import LedgerApplication, prepare_ledger
from tests.service.desk import Desk, opened, stored
from tests.service.posting import deny, event_id, report


def schema(path: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(path)) as connection:
        version = connection.execute("PRAGMA user_version").fetchone()
        return [*connection.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall(), version]


def test_a_fresh_folder_gets_a_ledger_that_only_its_owner_reads(tmp_path):
    path = prepare_ledger(tmp_path / "new" / "data")
    assert path == tmp_path / "new" / "data" / "ledger.db"
    assert path.parent.stat().st_mode & 0o077 == 0
    assert {"stored_events", "keys"} <= {row[0] for row in schema(path)}


def test_preparing_a_ledger_again_changes_nothing(tmp_path):
    before = schema(prepare_ledger(tmp_path))
    assert schema(prepare_ledger(tmp_path)) == before


def test_a_schema_from_a_newer_release_is_refused_and_left_alone(tmp_path):
    path = prepare_ledger(tmp_path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 1000")
    before = schema(path)
    with pytest.raises(SchemaTooNewError, match="schema 1000"):
        prepare_ledger(tmp_path)
    assert schema(path) == before


def test_several_that_open_a_new_ledger_at_once_all_find_it(tmp_path):
    for attempt in range(15):
        failures = prepare_at_once(tmp_path / str(attempt), openers=4)
        assert failures == []


def prepare_at_once(folder: Path, openers: int) -> list[Exception]:
    failures: list[Exception] = []
    barrier = threading.Barrier(openers)

    def prepare() -> None:
        barrier.wait()
        try:
            prepare_ledger(folder)
        except StoreUnavailableError as error:
            failures.append(error)

    threads = [threading.Thread(target=prepare) for _ in range(openers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


def test_a_migration_that_fails_leaves_no_half_of_it(tmp_path):
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as connection:
        connection.execute("CREATE TABLE keys (something_else TEXT)")
    before = schema(tmp_path / "ledger.db")
    with pytest.raises(StoreUnavailableError, match="already exists"):
        prepare_ledger(tmp_path)
    assert schema(tmp_path / "ledger.db") == before


def test_a_folder_that_can_not_be_made_is_unavailable(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnavailableError, match="can not be opened"):
        prepare_ledger(tmp_path / "file" / "data")


def test_a_ledger_that_can_not_be_opened_is_unavailable(tmp_path):
    (tmp_path / "ledger.db").mkdir()
    with pytest.raises(StoreUnavailableError, match="can not be opened"):
        prepare_ledger(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_can_not_be_written_is_unavailable(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(StoreUnavailableError, match="can not be opened"):
        prepare_ledger(tmp_path)


@contextmanager
def full_disk(size_bytes: int) -> Iterator[None]:
    """Let no file of this process grow beyond a size, for as long as this lasts."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_refuses_until_it_has_room_again(application: LedgerApplication, tmp_path: Path):
    with Desk(application.recorder) as desk:
        desk.receipts(report())
        with full_disk((tmp_path / "ledger.db-wal").stat().st_size):
            for _ in range(2):
                assert isinstance(desk.record(deny(event_id=event_id(2))), StoreUnavailableError)
        (receipt,) = desk.receipts(deny(event_id=event_id(2)))
    assert (receipt.position, receipt.duplicate) == (2, False)
    assert len(stored(application)) == 2


def deny_commits(action: int, argument: str | None, *_: object) -> int:
    is_commit = action == sqlite3.SQLITE_TRANSACTION and argument == "COMMIT"
    return sqlite3.SQLITE_DENY if is_commit else sqlite3.SQLITE_OK


def test_who_has_failed_to_commit_keeps_no_lock(application: LedgerApplication, tmp_path: Path):
    with opened(tmp_path) as other, Desk(application.recorder) as desk, Desk(other.recorder) as elsewhere:
        desk.receipts(report())
        with application.recorder.datastore.transaction(commit=False) as cursor:
            connection = cursor.sqlite_cursor.connection
        connection.set_authorizer(deny_commits)
        assert isinstance(desk.record(deny()), UnavailableError)
        elsewhere.receipts(deny())
        connection.set_authorizer(None)
        assert [receipt.position for receipt in desk.receipts(deny())] == [3]

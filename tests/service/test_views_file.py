"""The read models' file is kept where it fits, and made anew from the ledger where it does not."""

import resource
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from projections.follower import Follower
from projections.tracking import read_position
from service.store.sqlite import LedgerApplication
from service.store.views import open_views, prepare_views
from tests.projections.ledger import Rows, all_rows
from tests.service.desk import Desk
from tests.service.posting import deny, report


@pytest.fixture
def ledger(application: LedgerApplication, tmp_path: Path) -> Path:
    with Desk(application.recorder) as desk:
        desk.receipts(report(), deny(), report("another"))
    return tmp_path / "ledger.db"


@pytest.fixture
def views(ledger: Path, tmp_path: Path) -> Path:
    path = tmp_path / "views.db"
    prepare_views(path, ledger)
    with closing(open_views(path, ledger)) as connection:
        assert Follower(connection).step() == 3
    return path


def position(views: Path, ledger: Path) -> int:
    with closing(open_views(views, ledger, read_only=True)) as connection:
        return read_position(connection)


def rows(views: Path, ledger: Path) -> Rows:
    with closing(open_views(views, ledger, read_only=True)) as connection:
        return all_rows(connection)


def change(views: Path, statement: str) -> None:
    with closing(sqlite3.connect(views, isolation_level=None)) as connection:
        connection.execute(statement)


def test_a_file_that_fits_is_kept(views, ledger):
    before = rows(views, ledger)
    prepare_views(views, ledger)
    assert position(views, ledger) == 3
    assert rows(views, ledger) == before


@pytest.mark.parametrize(
    "statement",
    [
        "PRAGMA user_version = 1",
        "UPDATE tracking SET notification_id = 4",
        "DROP TABLE tracking",
    ],
)
def test_a_file_of_other_tables_or_of_another_ledger_is_made_anew(views, ledger, statement):
    before = rows(views, ledger)
    change(views, statement)
    prepare_views(views, ledger)
    assert position(views, ledger) == 0
    with closing(open_views(views, ledger)) as connection:
        Follower(connection).step()
    assert rows(views, ledger) == before


@pytest.mark.parametrize("content", [b"", b"This is no database.", b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_damaged_file_is_made_anew(views, ledger, content):
    views.write_bytes(content)
    prepare_views(views, ledger)
    assert position(views, ledger) == 0


def test_a_file_that_can_not_be_opened_now_is_kept(views, ledger):
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, limits[1]))
    try:
        with pytest.raises(sqlite3.OperationalError, match="unable to open database file"):
            prepare_views(views, ledger)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert position(views, ledger) == 3


def test_what_an_old_file_left_in_its_log_does_not_come_back(views, ledger):
    with closing(open_views(views, ledger)) as connection:
        connection.execute("UPDATE tracking SET notification_id = 99")
        for suffix in ("", "-wal"):
            name = views.name + suffix
            views.with_name(f"kept-{name}").write_bytes(views.with_name(name).read_bytes())
    for suffix in ("", "-wal"):
        name = views.name + suffix
        views.with_name(f"kept-{name}").rename(views.with_name(name))
    assert position(views, ledger) == 99
    prepare_views(views, ledger)
    assert position(views, ledger) == 0


def test_readers_change_neither_the_read_models_nor_the_ledger(views, ledger):
    with closing(open_views(views, ledger, read_only=True)) as connection:
        for table in ("claims", "ledger.keys"):
            with pytest.raises(sqlite3.OperationalError, match="readonly"):
                connection.execute(f"DELETE FROM {table}")
    with (
        closing(open_views(views, ledger)) as connection,
        pytest.raises(sqlite3.OperationalError, match="readonly"),
    ):
        connection.execute("DELETE FROM ledger.keys")


def test_without_a_ledger_nothing_is_opened(views, tmp_path):
    with pytest.raises(sqlite3.OperationalError, match="unable to open"):
        open_views(views, tmp_path / "no-ledger.db")

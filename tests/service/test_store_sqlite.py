"""What only the store on SQLite has: its own ways to overwrite, its files, its pragmas."""

from uuid import UUID

import pytest
from eventsourcing.persistence import IntegrityError

from service.store.records import StoreUnavailableError
from service.store.sqlite import LedgerApplication
from tests.service.desk import Desk, by_hand, opened, stored
from tests.service.posting import CLAIM, deny, event_id, report


@pytest.fixture
def three_events(application: LedgerApplication) -> LedgerApplication:
    with Desk(application.recorder) as desk:
        desk.receipts(report(event_id=event_id(1)), report("another", event_id=event_id(2)), deny())
    return application


REPLACE = "INSERT OR REPLACE INTO ledger.stored_events VALUES (?, ?, ?, 'ClaimDenied', ?, ?, ?, 0, NULL)"


@pytest.mark.parametrize(
    ("position", "number", "version", "reason"),
    [(4, 1, 3, "immutable"), (4, 9, 2, "immutable"), (3, 9, 3, "no gaps")],
)
def test_the_table_refuses_to_replace_an_event(three_events, position, number, version, reason):
    before = stored(three_events)
    with pytest.raises(IntegrityError, match=reason), by_hand(three_events) as execute:
        execute(REPLACE, position, CLAIM, version, b"{}", UUID(event_id(number)).bytes, bytes(32))
    assert stored(three_events) == before


def test_what_is_committed_is_on_disk(three_events):
    for commit in (True, False):
        with three_events.recorder.datastore.transaction(commit=commit) as cursor:
            found = []
            for pragma in ("journal_mode", "synchronous", "foreign_keys", "secure_delete"):
                cursor.execute(f"PRAGMA {pragma}")
                found.append(cursor.fetchone()[0])
        assert found == ["wal", 2, 1, 1]


def test_a_file_that_is_no_database_is_unavailable(tmp_path):
    with opened(tmp_path) as application:
        path = tmp_path / "ledger.db"
        path.unlink()
        path.write_bytes(b"This is no database." * 500)
        with pytest.raises(StoreUnavailableError, match="not a database"), application.recorder.batch():
            pass
        # Nothing of the pool is left locked: the next attempt is refused for the same reason.
        with pytest.raises(StoreUnavailableError, match="not a database"), application.recorder.batch():
            pass

"""The ledger's table: its guards, its bytes, and the eventsourcing library over it."""

from dataclasses import replace
from hashlib import sha256
from uuid import UUID

import pytest
from eventsourcing.persistence import IntegrityError, StoredEvent
from eventsourcing.sqlite import SQLiteDatastore

from domain.noting import note_of
from service.store import sqlite
from service.store.databases import LedgerApplication
from service.store.postgres_connections import ConstraintError
from service.store.records import BrokenLedgerError
from tests.service.desk import BOTH, Desk, by_hand, opened, stored
from tests.service.posting import CLAIM, deny, event_id, report

ENGINES = BOTH


@pytest.fixture
def three_events(application: LedgerApplication) -> LedgerApplication:
    with Desk(application.recorder) as desk:
        desk.receipts(report(event_id=event_id(1)), report("another", event_id=event_id(2)), deny())
    return application


def insert(position: int, number: int, version: int, digest: bytes = bytes(32)) -> tuple[object, ...]:
    return (INSERT, position, CLAIM, version, "ClaimDenied", b"{}", UUID(event_id(number)).bytes, digest, 0, None)


INSERT = "INSERT INTO ledger.stored_events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
IMMUTABLE = "immutable|duplicate key"


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        (("UPDATE ledger.stored_events SET state = ? WHERE position = 2", b"{}"), "immutable"),
        (("UPDATE ledger.stored_events SET position = 9 WHERE position = 3",), "immutable"),
        (("DELETE FROM ledger.stored_events WHERE position = 3",), "immutable"),
        (("DELETE FROM ledger.stored_events",), "immutable"),
        (insert(5, number=9, version=3), "no gaps"),
        (insert(3, number=9, version=3), "no gaps|duplicate key"),
        (insert(0, number=9, version=3), "no gaps|check constraint"),
        (insert(4, number=1, version=3), IMMUTABLE),
        (insert(4, number=9, version=2), IMMUTABLE),
        (insert(4, number=9, version=3, digest=bytes(31)), "CHECK|check constraint"),
    ],
)
def test_the_table_itself_refuses_what_would_change_the_ledger(three_events, statement, reason):
    before = stored(three_events)
    with pytest.raises((IntegrityError, ConstraintError), match=reason), by_hand(three_events) as execute:
        execute(*statement)
    assert stored(three_events) == before


def test_the_table_takes_the_next_event(three_events):
    with by_hand(three_events) as execute:
        execute(*insert(4, number=9, version=3))
    assert len(stored(three_events)) == 4


def test_the_bytes_stored_are_the_bytes_hashed(three_events):
    for row in stored(three_events):
        assert row["event_sha256"] == sha256(row["state"]).digest()
        assert f'"event_id":"{UUID(bytes=row["event_id"])}"'.encode() in row["state"]


def test_a_ledger_is_there_again_when_it_is_opened_again(database):
    with opened(database) as application, Desk(application.recorder) as desk:
        desk.receipts(report(), deny())
        before = stored(application)
    with opened(database) as application, Desk(application.recorder) as desk:
        assert stored(application) == before
        (receipt,) = desk.receipts(deny())
    assert (receipt.position, receipt.claim_version) == (3, 3)


def test_the_library_reads_our_events_from_its_own_event_store(three_events):
    first, second = three_events.events.get(CLAIM)
    assert (first.originator_id, first.originator_version) == (CLAIM, 1)
    assert [recorded.position for recorded in (first, second)] == [1, 3]
    assert [recorded.originator_version for recorded in three_events.events.get(CLAIM, desc=True)] == [2, 1]
    assert [recorded.originator_version for recorded in three_events.events.get(CLAIM, gt=1)] == [2]
    assert [recorded.originator_version for recorded in three_events.events.get(CLAIM, lte=1)] == [1]
    assert [recorded.originator_version for recorded in three_events.events.get(CLAIM, limit=1)] == [1]
    assert list(three_events.events.get("no-claim")) == []


def test_the_library_selects_streams_in_its_own_words(three_events):
    (row,) = three_events.recorder.select_events(CLAIM, gt=1)
    assert (row.originator_id, row.originator_version, row.topic) == (CLAIM, 2, "ClaimDenied")
    assert row.state == stored(three_events)[2]["state"]


def test_the_library_reads_its_notification_log(three_events):
    section = three_events.notification_log["1,10"]
    assert [(item.id, item.originator_id, item.originator_version) for item in section.items] == [
        (1, CLAIM, 1),
        (2, "another", 1),
        (3, CLAIM, 2),
    ]
    assert section.items[0].state == stored(three_events)[0]["state"]


def test_notifications_are_limited_after_they_are_chosen(three_events):
    def select(*places: int | None, **which: object) -> list[int]:
        return [item.id for item in three_events.recorder.select_notifications(*places, **which)]

    assert select(1, 1, topics=["ClaimDenied"]) == [3]
    assert select(1, 9, topics=["ClaimDenied", "ClaimReported"]) == [1, 2, 3]
    assert select(None, 2) == [1, 2]
    assert select(1, 9, inclusive_of_start=False) == [2, 3]
    assert select(1, 9, 2) == [1, 2]
    assert select(9, 9) == []


def test_the_last_notification_is_the_head(application):
    assert application.recorder.max_notification_id() is None
    with Desk(application.recorder) as desk:
        desk.receipts(report(), deny())
    assert application.recorder.max_notification_id() == 2


def test_the_library_inserts_what_our_mapper_made_and_nothing_else(three_events):
    (recorded,) = three_events.events.get("another")
    row = three_events.mapper.to_stored_event(recorded)
    assert three_events.recorder.insert_events(
        [replace(row, position=4, event_id=bytes(16), originator_version=2)]
    ) == [4]
    with pytest.raises(IntegrityError, match=r"immutable|no gaps|duplicate key"):
        three_events.recorder.insert_events([row])
    foreign = StoredEvent(originator_id=CLAIM, originator_version=3, topic="some.module:Class", state=b"{}")
    with pytest.raises(TypeError, match="own mapper"):
        three_events.recorder.insert_events([foreign])
    assert len(stored(three_events)) == 4


def test_the_library_keeps_events_nowhere_else_whatever_the_environment_says(database, monkeypatch):
    monkeypatch.setenv("PERSISTENCE_MODULE", "eventsourcing.popo")
    monkeypatch.setenv("SQLITE_DBNAME", ":memory:")
    monkeypatch.setenv("POSTGRES_DBNAME", "nowhere")
    with opened(database) as application, Desk(application.recorder) as desk:
        desk.receipts(report())
    with opened(database) as application:
        assert len(stored(application)) == 1


def test_an_event_that_the_table_refuses_is_a_broken_ledger_and_leaves_no_lock(three_events):
    again = list(three_events.events.get("another"))
    with (
        pytest.raises(BrokenLedgerError, match=r"immutable|no gaps|duplicate key"),
        three_events.recorder.batch() as batch,
    ):
        batch.append(again)
    with three_events.recorder.batch() as batch:
        assert batch.head.position == 3


@pytest.mark.parametrize("at_once", [1, 2, 5, 1000])
def test_a_claim_is_loaded_whole_however_many_rows_are_read_at_once(application, monkeypatch, at_once):
    monkeypatch.setattr(sqlite, "_LOADED_AT_ONCE", at_once)
    with Desk(application.recorder) as desk:
        desk.receipts(report(event_id=event_id(1)), report("another"), *(deny() for _ in range(4)))
    with application.recorder.batch() as batch:
        for after in range(6):
            loaded = list(batch.load(CLAIM, after))
            assert [note.entry.version for note, _ in loaded] == [*range(after + 1, 6)]
        first = batch.find(event_id(1))
        assert first is not None
        assert next(batch.load(CLAIM, 0)) == (note_of(first.event), first.digest)
        assert list(batch.load("unheard-of", 0)) == []


def test_changed_bytes_are_not_read_as_an_event(three_events):
    with by_hand(three_events) as execute:
        on = "" if isinstance(three_events.recorder.datastore, SQLiteDatastore) else "ON ledger.stored_events"
        execute(f"DROP TRIGGER stored_events_no_update {on}")
        execute("UPDATE ledger.stored_events SET state = ? WHERE position = 2", b"{}")
    with pytest.raises(BrokenLedgerError, match=f"{event_id(2)} have changed"):
        list(three_events.events.get("another"))
    with (
        pytest.raises(BrokenLedgerError, match=f"{event_id(2)} have changed"),
        three_events.recorder.batch() as batch,
    ):
        list(batch.load("another", 0))

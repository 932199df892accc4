"""What the ledger keeps of its log: for good, in order, and whoever writes."""

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from eventsourcing.persistence import IntegrityError

from service.store.checkpoints import CheckpointStore, Cosignature, KeptCheckpoint, NotTheLastError, Witness
from service.store.databases import LedgerDatabase, SqliteLedger
from service.store.postgres_connections import ConstraintError
from tests.service.desk import BOTH, by_hand

ENGINES = BOTH


@pytest.fixture
def store(database: LedgerDatabase) -> CheckpointStore:
    database.prepare()
    store = CheckpointStore(database.tables)
    store.begin_log("desk.example/log", "the-key", 1)
    return store


def checkpoint(size: int, log_id: int = 1) -> KeptCheckpoint:
    return KeptCheckpoint(log_id=log_id, size=size, note=b"note %d" % size, signed_us=size)


def test_checkpoints_are_kept_one_after_another(store):
    first = store.keep(checkpoint(0), None)
    second = store.keep(checkpoint(7), first)
    assert [first.number, second.number] == [1, 2]
    assert store.last(1) == second
    assert list(store.list_checkpoints(0, 10)) == [first, second]
    assert list(store.list_checkpoints(1, 10)) == [second]
    assert list(store.list_checkpoints(0, 1)) == [first]


def test_only_what_follows_the_last_is_kept(store):
    first = store.keep(checkpoint(3), None)
    second = store.keep(checkpoint(7), first)
    for after in (None, first):
        with pytest.raises(NotTheLastError):
            store.keep(checkpoint(9), after)
    assert store.last(1) == second


def test_nothing_is_kept_for_a_log_that_was_given_up(store):
    first = store.keep(checkpoint(3), None)
    store.begin_log("desk.example/second", "another-key", 2)
    with pytest.raises(NotTheLastError):
        store.keep(checkpoint(7), first)
    assert store.keep(checkpoint(2, log_id=2), None).number == 2


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO ledger.checkpoints SELECT 3, 1, 7, note, 1 FROM ledger.checkpoints WHERE number = 1",
        "INSERT INTO ledger.checkpoints SELECT 3, 1, 6, note, 1 FROM ledger.checkpoints WHERE number = 1",
        "INSERT INTO ledger.checkpoints SELECT 4, 1, 9, note, 1 FROM ledger.checkpoints WHERE number = 1",
        "INSERT INTO ledger.checkpoints SELECT 3, 2, 9, note, 1 FROM ledger.checkpoints WHERE number = 1",
        "UPDATE ledger.checkpoints SET size = 9",
        "DELETE FROM ledger.checkpoints",
        "UPDATE ledger.logs SET origin = 'another'",
        "DELETE FROM ledger.logs",
        "INSERT INTO ledger.logs VALUES (2, 'desk.example/log', 'key', 1)",
        "INSERT INTO ledger.logs VALUES (3, 'another', 'key', 1)",
    ],
)
def test_the_database_itself_refuses_what_would_change_or_contradict_them(store, application, statement):
    store.keep(checkpoint(7), store.keep(checkpoint(3), None))
    with pytest.raises((ConstraintError, IntegrityError)), by_hand(application) as execute:
        execute(statement)


def test_nobody_replaces_what_is_in_the_way(tmp_path):
    database = SqliteLedger(tmp_path)
    database.prepare()
    store = CheckpointStore(database.tables)
    store.begin_log("desk.example/log", "the-key", 1)
    store.keep(checkpoint(3), None)
    with closing(sqlite3.connect(database.path)) as connection:
        for values in ("logs VALUES (1, 'another', 'key', 1)", "checkpoints VALUES (1, 1, 9, X'00', 1)"):
            with pytest.raises(sqlite3.IntegrityError):
                connection.execute(f"INSERT OR REPLACE INTO {values}")


def test_of_two_that_keep_at_once_one_is_the_first(store):
    first = store.keep(checkpoint(3), None)
    together = threading.Barrier(2)

    def keep(size: int) -> bool:
        together.wait()
        try:
            store.keep(checkpoint(size), first)
        except NotTheLastError:
            return False
        return True

    with ThreadPoolExecutor(2) as executor:
        assert sorted(executor.map(keep, (7, 8))) == [False, True]
    assert len(store.list_checkpoints(0, 10)) == 2


def test_of_a_witness_the_latest_cosignature_of_a_checkpoint_is_kept(store):
    store.keep(checkpoint(3), None)
    for cosigned_us in (5, 9, 7):
        line = b"line %d" % cosigned_us
        store.add_cosignature(Cosignature(number=1, verifier_key="w", line=line, cosigned_us=cosigned_us))
    store.add_cosignature(Cosignature(number=1, verifier_key="v", line=b"line", cosigned_us=1))
    assert [(each.verifier_key, each.cosigned_us) for each in store.list_cosignatures(1, 1)] == [("v", 1), ("w", 9)]
    assert list(store.list_cosignatures(2, 9)) == []


def test_witnesses_are_added_moved_and_removed(store):
    for url in ("https://one.example", "https://other.example"):
        store.add_witness(Witness(verifier_key="w", url=url, added_us=1))
    store.add_witness(Witness(verifier_key="v", url="https://v.example", added_us=2))
    assert [(each.verifier_key, each.url) for each in store.list_witnesses()] == [
        ("w", "https://other.example"),
        ("v", "https://v.example"),
    ]
    assert store.remove_witness("w")
    assert not store.remove_witness("w")


def test_of_two_that_begin_a_log_at_once_one_is_the_first(database):
    database.prepare()
    store, together = CheckpointStore(database.tables), threading.Barrier(2)

    def begin(verifier_key: str) -> bool:
        together.wait()
        try:
            store.begin_log("desk.example/log", verifier_key, 1)
        except ValueError:
            return False
        return True

    with ThreadPoolExecutor(2) as executor:
        assert sorted(executor.map(begin, ("one", "other"))) == [False, True]
    assert len(store.list_logs()) == 1

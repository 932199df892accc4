"""Whatever fails when: the answers are right, nothing is recorded twice, and nothing is lost that was answered."""

import re
import threading
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from itertools import pairwise

import pytest
from eventsourcing.sqlite import SQLiteDatastore

from api.ports import OutcomeUnknownError
from domain.errors import ErasedError
from service.clock import ClockAheadError
from service.requests import Request, StoppedError
from service.sequencer import Limits, Sequencer
from service.store.records import StoreUnavailableError
from tests.service.desk import BOTH, NOON_US, PATIENCE_S, Desk, FaultyStore, by_hand, opened, outcomes, receipts, stored
from tests.service.posting import CLAIM, correct, deny, event_id, link, refused, report, retract

ENGINES = BOTH

FAULTS_BEFORE = ["away", "appending", "committing"]


@pytest.fixture
def store(application):
    return FaultyStore(application.recorder)


@pytest.mark.parametrize("fault", FAULTS_BEFORE)
def test_a_batch_that_fails_before_it_is_durable_leaves_nothing(application, store, fault):
    with Desk(store) as desk:
        desk.receipts(report(event_id=event_id(1)))
        store.faults.append(fault)
        assert isinstance(desk.record(deny(event_id=event_id(2)), retract(event_id(1))), StoreUnavailableError)
        assert len(stored(application)) == 1
        group = desk.receipts(deny(event_id=event_id(2)), retract(event_id(1)))
    assert [(receipt.position, receipt.claim_version) for receipt in group] == [(2, 2), (3, 3)]
    assert not any(receipt.duplicate for receipt in group)


@pytest.mark.parametrize("fault", FAULTS_BEFORE)
def test_everybody_in_a_batch_that_fails_hears_of_it(store, fault):
    store.faults.append(fault)
    desk = Desk(store)
    requests = [desk.submit([report()], [refused()]), desk.submit([deny()])]
    with desk:
        found = [outcome for request in requests for outcome in outcomes(request)]
    assert [type(outcome) for outcome in found] == [StoreUnavailableError] * 3
    assert desk.appended == []


def test_a_batch_that_is_durable_is_answered_though_its_commit_seemed_to_fail(application, store):
    store.faults.append("answering")
    desk = Desk(store)
    request = desk.submit([report(event_id=event_id(1)), deny()], [refused()], [link(CLAIM, CLAIM)])
    with desk:
        first, *others = outcomes(request)
        assert [receipt.position for receipt in receipts(first)] == [1, 2]
        assert [receipt.duplicate for receipt in receipts(first)] == [False, False]
        assert not any(isinstance(other, tuple | StoreUnavailableError) for other in others)
        (receipt,) = desk.receipts(deny())
    assert (receipt.position, receipt.claim_version) == (3, 3)
    assert [event.position for event in desk.appended] == [1, 2, 3]
    assert len(stored(application)) == 3


def test_where_nobody_can_tell_whether_a_batch_is_durable_the_retry_gets_the_truth(application, store):
    with Desk(store) as desk:
        store.faults.extend(["answering", "away"])
        outcome = desk.record(report(event_id=event_id(1)), deny(event_id=event_id(2)))
        assert isinstance(outcome, OutcomeUnknownError)
        again = desk.receipts(report(event_id=event_id(1)), deny(event_id=event_id(2)))
        assert [(receipt.position, receipt.duplicate) for receipt in again] == [(1, True), (2, True)]
        (receipt,) = desk.receipts(deny())
    assert (receipt.position, receipt.claim_version) == (3, 3)
    assert len(stored(application)) == 3


def test_what_somebody_else_recorded_meanwhile_is_not_taken_for_ones_own(application, store):
    with Desk(application.recorder) as other, Desk(store) as desk:
        store.faults.append("committing")
        store.on_fault = lambda: other.receipts(report("another"), report(event_id=event_id(1)))
        assert isinstance(desk.record(report(event_id=event_id(1))), StoreUnavailableError)
        (receipt,) = desk.receipts(report(event_id=event_id(1)))
    assert receipt.duplicate
    assert (receipt.position, receipt.event_sha256) == (2, stored(application)[1]["event_sha256"].hex())


def test_a_batch_without_anything_new_fails_without_asking_the_store(store):
    with Desk(store) as desk:
        store.faults.append("answering")
        assert isinstance(desk.record(refused()), StoreUnavailableError)
        assert not store.faults


class MovableClock:
    def __init__(self) -> None:
        self.now_us = NOON_US
        self.is_ahead = False

    def __call__(self) -> int:
        if self.is_ahead:
            raise ClockAheadError("the wall clock jumped 61 s ahead")
        return self.now_us


def test_recorded_at_never_decreases(application):
    clock = MovableClock()
    with Desk(application.recorder, clock) as desk:
        for now_us in (NOON_US, NOON_US - 5, NOON_US - 10**9, NOON_US + 7, NOON_US):
            clock.now_us = now_us
            desk.record(report(), refused())
            desk.receipts(report())
    assert [row["recorded_us"] - NOON_US for row in stored(application)] == [0, 0, 0, 7, 7]


def test_nothing_is_recorded_while_the_clock_is_ahead(application):
    clock = MovableClock()
    with Desk(application.recorder, clock) as desk:
        clock.is_ahead = True
        outcome = desk.record(report())
        assert isinstance(outcome, StoppedError)
        assert "61 s ahead" in str(outcome)
        assert stored(application) == []
        clock.is_ahead = False
        desk.receipts(report())
        assert desk.sequencer.broken is None


def test_two_sequencers_over_one_ledger_take_turns_without_a_gap(database):
    with opened(database) as one, opened(database) as other, Desk(one.recorder) as left, Desk(other.recorder) as right:
        for turn in range(12):
            desk = (left, right)[turn % 3 == 1]
            (receipt,) = desk.receipts(report(if_version=turn))
            assert (receipt.position, receipt.claim_version) == (turn + 1, turn + 1)


def test_two_sequencers_at_once_leave_claims_without_gaps(database):
    with opened(database) as one, opened(database) as other, Desk(one.recorder) as left, Desk(other.recorder) as right:
        requests = [
            desk.submit([report(f"claim-{number % 3}"), deny(f"claim-{number % 2}")], [refused()])
            for number in range(40)
            for desk in (left, right)
        ]
        places = [
            (receipt.position, receipt.claim_id, receipt.claim_version)
            for request in requests
            for receipt in receipts(outcomes(request)[0])
        ]
        rows = stored(one)
    assert sorted(places) == [(row["position"], row["originator_id"], row["originator_version"]) for row in rows]
    assert len(rows) == 160
    for claim_id in ("claim-0", "claim-1", "claim-2"):
        stream = [row for row in rows if row["originator_id"] == claim_id]
        assert [row["originator_version"] for row in stream] == list(range(1, len(stream) + 1))
        assert_chained(stream)


def assert_chained(stream):
    for before, row in pairwise(stream):
        assert f'"previous":"{sha256(before["state"]).hexdigest()}"'.encode() in row["state"]


def damage(application, column, change):
    """Change the second event as only somebody with the database in hands can."""
    with by_hand(application) as execute:
        for guard in ("no_update", "no_delete"):
            on = "" if isinstance(application.recorder.datastore, SQLiteDatastore) else "ON ledger.stored_events"
            execute(f"DROP TRIGGER stored_events_{guard} {on}")
        (row,) = execute(f"SELECT {column} FROM ledger.stored_events WHERE position = 2")
        execute(f"UPDATE ledger.stored_events SET {column} = ? WHERE position = 2", change(row[column]))


OTHER_BYTES = ("state", lambda state: state.replace(b"Six", b"Ten"))
OTHER_ORDER = ("originator_version", lambda _: 9)


@pytest.mark.parametrize("change", [OTHER_BYTES, OTHER_ORDER])
def test_a_ledger_that_contradicts_itself_stops_appending(application, change):
    with Desk(application.recorder) as desk:
        desk.receipts(report(), report(), report(), report("another"))
    damage(application, *change)
    before = stored(application)
    with Desk(application.recorder) as desk:
        assert isinstance(desk.record(deny()), StoppedError)
        assert desk.sequencer.broken is not None
        with pytest.raises(StoppedError, match="contradicts itself"):
            desk.submit([report("another")])
    assert stored(application) == before


def test_what_was_queued_when_the_ledger_broke_is_not_recorded(application):
    with Desk(application.recorder) as desk:
        desk.receipts(report("another"), report())
    damage(application, *OTHER_BYTES)
    desk = Desk(application.recorder, limits=Limits(batch=1))
    requests = [desk.submit([deny()]), desk.submit([deny("another")])]
    with desk:
        assert [type(outcomes(request)[0]) for request in requests] == [StoppedError, StoppedError]
    assert len(stored(application)) == 2


class CarelessStore:
    """A store whose batches never find an event: what is stored already is stored again."""

    def __init__(self, store):
        self._store = store

    @contextmanager
    def batch(self):
        with self._store.batch() as batch:
            batch.find = lambda _: None
            yield batch


def test_an_event_that_the_table_refuses_stops_appending(application):
    with Desk(CarelessStore(application.recorder)) as desk:
        desk.receipts(report(event_id=event_id(1)))
        assert isinstance(desk.record(report(event_id=event_id(1))), StoppedError)
        assert re.search("immutable|duplicate key", desk.sequencer.broken or "")
    assert len(stored(application)) == 1


def test_a_correction_of_what_can_not_be_read_stops_appending(application):
    with Desk(application.recorder) as desk:
        desk.receipts(report(event_id=event_id(1)))
    with Desk(CarelessStore(application.recorder)) as desk:
        assert isinstance(desk.record(correct(event_id(1))), StoppedError)
        assert "can not be read" in (desk.sequencer.broken or "")


def erase_by_hand(application, left):
    damage(application, "state", lambda _: None)
    with by_hand(application) as execute:
        execute("UPDATE ledger.stored_events SET tombstone = ? WHERE position = 2", left)


def test_a_retry_of_an_erased_event_is_told_so(application, desk):
    desk.receipts(report("another"), report(event_id=event_id(1)))
    left = (
        '{"event_id":"x","type":"ClaimReported","claim_id":"six-officers","claim_version":1,'
        '"recorded_at":"2024-10-04T12:00:00.000000Z","classification":"public"}'
    )
    erase_by_hand(application, left)
    assert isinstance(desk.record(report(event_id=event_id(1))), ErasedError)


def test_a_request_that_nobody_can_decide_about_takes_no_other_with_it(application):
    unheard_of = replace(report("bad"), event=report("bad").event.model_copy(update={"data": None}))
    desk = Desk(application.recorder)
    first = desk.submit([report(event_id=event_id(1))])
    bad = desk.submit([deny(), unheard_of])
    last = desk.submit([deny()])
    with desk:
        assert [type(outcome) for outcome in outcomes(bad)] == [AttributeError]
        positions = [receipts(outcomes(request)[0])[0].position for request in (first, last)]
        assert [*positions, desk.receipts(deny())[0].position] == [1, 2, 3]
    assert [row["originator_version"] for row in stored(application)] == [1, 2, 3]
    assert desk.sequencer.broken is None


def test_when_nobody_can_be_answered_nothing_more_is_taken(application):
    tried = threading.Event()

    def answer(_: object) -> None:
        tried.set()
        raise RuntimeError("nobody there")

    sequencer = Sequencer(application.recorder, lambda: NOON_US, answer, lambda _: None, Limits())
    sequencer.start()
    sequencer.submit(Request([(report("one"),)]))
    assert tried.wait(PATIENCE_S)
    sequencer.stop()
    assert sequencer.fault() == "the sequencer has failed: RuntimeError('nobody there')"
    with pytest.raises(StoppedError):
        sequencer.submit(Request([(report("two"),)]))


def test_a_ledger_that_others_have_found_broken_takes_nothing_more(application):
    desk = Desk(application.recorder)
    waiting = desk.submit([report()])
    desk.sequencer.halt("the log is broken: an older ledger")
    desk.sequencer.halt("the log is broken: still")
    with desk:
        (outcome,) = outcomes(waiting)
        assert isinstance(outcome, StoppedError)
        assert desk.sequencer.fault() == "the log is broken: an older ledger"
        with pytest.raises(StoppedError, match="an older ledger"):
            desk.submit([report()])
    assert stored(application) == []

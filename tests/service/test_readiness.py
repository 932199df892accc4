"""A sequencer says why it can not record, as long as it has reason to think so."""

import threading

import pytest

from service.requests import StoppedError, Watch
from service.store.records import BrokenLedgerError, Store
from tests.service.desk import PATIENCE_S, Desk, FaultyStore, outcomes
from tests.service.posting import refused, report


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def test_a_sequencer_that_runs_has_no_fault(desk):
    desk.receipts(report())
    assert desk.sequencer.fault() is None


def test_one_that_was_not_started_or_is_stopped_says_so(application):
    desk = Desk(application.recorder)
    assert desk.sequencer.fault() == "the sequencer does not run"
    with desk:
        pass
    assert desk.sequencer.fault() == "the service is stopping"


@pytest.mark.parametrize("fault", ["away", "appending", "committing"])
def test_a_store_that_is_away_is_remembered_until_something_is_recorded(application, fault):
    store = FaultyStore(application.recorder)
    with Desk(store, watch=Watch(elapsed_s=Clock())) as desk:
        store.faults.append(fault)
        desk.record(report())
        assert desk.sequencer.fault() == fault
        desk.record(refused())
        assert desk.sequencer.fault() == fault  # nothing was written: the disk may still be full
        desk.receipts(report())
        assert desk.sequencer.fault() is None


def test_a_store_that_is_away_is_remembered_for_ten_seconds(application):
    store, clock = FaultyStore(application.recorder), Clock()
    with Desk(store, watch=Watch(elapsed_s=clock)) as desk:
        store.faults.append("away")
        desk.record(report())
        clock.now_s += 9.9
        assert desk.sequencer.fault() == "away"
        clock.now_s += 0.1
        assert desk.sequencer.fault() is None


class StandingStill(FaultyStore):
    """A store whose commit takes as long as a test wants."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.waits, self.goes_on = threading.Event(), threading.Event()
        self.on_fault = self._wait

    def _wait(self) -> None:
        self.waits.set()
        assert self.goes_on.wait(PATIENCE_S)


def test_a_commit_that_is_not_answered_is_told_of_while_it_lasts(application):
    store, clock = StandingStill(application.recorder), Clock()
    with Desk(store, watch=Watch(elapsed_s=clock)) as desk:
        store.faults.append("answering")
        request = desk.submit([report()])
        assert store.waits.wait(PATIENCE_S)
        clock.now_s += 4.9
        assert desk.sequencer.fault() is None
        clock.now_s += 0.1
        assert "over five seconds" in (desk.sequencer.fault() or "")
        store.goes_on.set()
        assert len(outcomes(request)) == 1
        assert desk.sequencer.fault() is None


def test_a_broken_ledger_is_remembered_for_good(application):
    def contradict() -> int:
        raise BrokenLedgerError("a gap")

    clock = Clock()
    with Desk(application.recorder, contradict, watch=Watch(elapsed_s=clock)) as desk:
        assert isinstance(desk.record(report()), StoppedError)
        clock.now_s += 1000
        assert desk.sequencer.fault() == "the ledger contradicts itself: a gap"

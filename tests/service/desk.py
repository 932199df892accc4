"""A sequencer over a store, and whoever waits for its answers."""

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from eventsourcing.sqlite import SQLiteDatastore

from api.ports import Outcome
from domain.commands import RecordEvent
from domain.receipt import Receipt
from service.requests import Request, Watch
from service.sequencer import Limits, Sequencer
from service.store.databases import LedgerApplication, LedgerDatabase, SqliteLedger
from service.store.records import Batch, Recorded, Store, StoreUnavailableError

BOTH = ("sqlite", "postgres")
PATIENCE_S = 30
NOON_US = 1_728_043_200_000_000


class Desk:
    """Leaving it stops the sequencer."""

    def __init__(
        self,
        store: Store,
        now_us: Callable[[], int] = lambda: NOON_US,
        limits: Limits | None = None,
        watch: Watch | None = None,
    ) -> None:
        self.appended: list[Recorded] = []
        self.sequencer = Sequencer(OwnClock(store), now_us, _answer, self.appended.extend, limits or Limits(), watch)

    def __enter__(self) -> Self:
        self.sequencer.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self.sequencer.stop()

    def submit(self, *groups: Sequence[RecordEvent]) -> Request:
        """Queue a request, and do not wait."""
        request = Request(groups, waiter=threading.Event())
        self.sequencer.submit(request)
        return request

    def record(self, *commands: RecordEvent) -> Outcome:
        """Record one group, and return what became of it."""
        return outcomes(self.submit(commands))[0]

    def receipts(self, *commands: RecordEvent) -> tuple[Receipt, ...]:
        """Record one group that is not refused."""
        return receipts(self.record(*commands))


def outcomes(request: Request) -> list[Outcome]:
    """Return what became of each group, as soon as it is known."""
    assert request.waiter.wait(PATIENCE_S)
    return request.outcomes


def receipts(outcome: Outcome) -> tuple[Receipt, ...]:
    assert isinstance(outcome, tuple), outcome
    return outcome


def _answer(requests: Sequence[Request]) -> None:
    for request in requests:
        request.waiter.set()


@contextmanager
def opened(where: LedgerDatabase | Path) -> Iterator[LedgerApplication]:
    """Open a ledger, of a folder where it is one, and close it again."""
    database = SqliteLedger(where) if isinstance(where, Path) else where
    database.prepare()
    application = database.open()
    try:
        yield application
    finally:
        application.close()


def stored(application: LedgerApplication) -> list[dict[str, Any]]:
    """Return every row of the ledger, in order."""
    with by_hand(application) as execute:
        return execute("SELECT * FROM ledger.stored_events ORDER BY position")


@contextmanager
def by_hand(application: LedgerApplication) -> Iterator[Callable[..., list[dict[str, Any]]]]:
    """Yield what runs a statement as anybody could who has the database in hands, with question marks."""
    datastore = application.recorder.datastore
    with datastore.transaction(commit=True) as cursor:

        def execute(sql: str, *parameters: object) -> list[dict[str, Any]]:
            if isinstance(datastore, SQLiteDatastore):
                cursor.execute(sql.replace("ledger.", "main."), parameters)
                return [dict(row) for row in cursor.fetchall()]
            cursor.execute(sql.replace("?", "%b"), parameters)
            return list(cursor.fetchall()) if sql.startswith("SELECT") else []

        yield execute


class OwnClock:
    """A store whose database has no clock: what counts is the one that the test passes."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @contextmanager
    def batch(self) -> Iterator[Batch]:
        with self._store.batch() as batch:
            batch.clock_us = None
            yield batch


class FaultyStore:
    """A store that is away when it is told: each fault is for one batch, None for one that goes well.

    `away` before anything, `appending` when rows are inserted, `committing` before the batch is durable,
    `answering` when it is.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.faults: deque[str | None] = deque()
        self.on_fault: Callable[[], object] = lambda: None

    @contextmanager
    def batch(self) -> Iterator[Batch]:
        fault = self.faults.popleft() if self.faults else None
        self._fail(fault, "away")
        try:
            with self._store.batch() as batch:
                yield _FaultyBatch(batch, fault)
                self._fail(fault, "committing")
            self._fail(fault, "answering")
        finally:
            if fault:
                self.on_fault()

    def _fail(self, fault: str | None, here: str) -> None:
        if fault == here:
            raise StoreUnavailableError(here)


class _FaultyBatch:
    def __init__(self, batch: Batch, fault: str | None) -> None:
        self.head = batch.head
        self.clock_us = batch.clock_us
        self.look_ahead = batch.look_ahead
        self.find = batch.find
        self.load = batch.load
        self.erase = batch.erase
        self._append = batch.append
        self._fault = fault

    def append(self, events: Sequence[Recorded]) -> None:
        if self._fault == "appending":
            raise StoreUnavailableError("appending")
        self._append(events)

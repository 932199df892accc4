"""The one way in: a bounded queue, one thread, and one transaction for what waits.

A batch is what came in while the last one was committed; with nothing waiting a command goes at once.
"""

import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog

from api.ports import OutcomeUnknownError, UnavailableError
from domain.commands import RecordEvent
from service.batch import ClaimCache, Decisions, Outcome
from service.clock import ClockAheadError
from service.store.records import BrokenLedgerError, Recorded, Store, StoreUnavailableError

log = structlog.get_logger()


class OverloadedError(UnavailableError):
    """The queue is full: nothing of the request was recorded."""


class StoppedError(UnavailableError):
    """Nothing can be appended now; the reason is said."""


@dataclass(slots=True, eq=False)
class Request:
    """Groups of commands from one client; each group is recorded whole or not at all."""

    groups: Sequence[Sequence[RecordEvent]]
    waiter: Any = None  # Any: whoever waits knows what it is, the sequencer hands it back
    outcomes: list[Outcome] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many commands may wait, how many go into one transaction, how many events the claims held may have."""

    queue: int = 10_000
    batch: int = 512
    cached_events: int = 200_000


class Sequencer:
    """Records what clients ask, in one order, and answers them when it is durable."""

    def __init__(
        self,
        store: Store,
        now_us: Callable[[], int],
        answer: Callable[[Sequence[Request]], None],
        appended: Callable[[Sequence[Recorded]], None],
        limits: Limits,
    ) -> None:
        """Prepare the thread; `answer` gets the requests with their outcomes, `appended` what is durable."""
        self._store = store
        self._now_us = now_us
        self._answer = answer
        self._appended = appended
        self._limits = limits
        self._cache = ClaimCache(limits.cached_events)
        self._queue: queue.SimpleQueue[Request | None] = queue.SimpleQueue()
        self._waiting = 0
        self._lock = threading.Lock()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="sequencer", daemon=True)
        self.broken: str | None = None

    def start(self) -> None:
        """Begin to record."""
        self._thread.start()

    def stop(self) -> None:
        """Refuse new requests, record those that wait, and end."""
        with self._lock:
            self._stopping = True
            self._queue.put(None)
        self._thread.join()

    def submit(self, request: Request) -> None:
        """Queue a request. Raises OverloadedError, StoppedError; what is queued is answered for certain."""
        commands = sum(map(len, request.groups))
        with self._lock:
            if self._stopping or self.broken:
                raise StoppedError(self.broken or "the service is stopping", retry_after_s=5)
            if self._waiting and self._waiting + commands > self._limits.queue:
                raise OverloadedError("too many events wait to be recorded")
            self._waiting += commands
            self._queue.put(request)

    @property
    def depth(self) -> int:
        """How many commands wait."""
        return self._waiting

    def _run(self) -> None:
        ended = False
        while not ended:
            requests, ended = self._take()
            if requests:
                self._record(requests)
                self._answer(requests)

    def _take(self) -> tuple[list[Request], bool]:
        """Return the requests that wait, as many as a batch holds, and whether the last one was taken."""
        requests: list[Request] = []
        commands = 0
        item = self._queue.get()
        while item is not None:
            requests.append(item)
            commands += sum(map(len, item.groups))
            if commands >= self._limits.batch:
                break
            try:
                item = self._queue.get_nowait()
            except queue.Empty:
                break
        with self._lock:
            self._waiting -= commands
        return requests, item is None

    def _record(self, requests: Sequence[Request]) -> None:
        """Decide and commit a batch; afterwards every request has its outcomes."""
        try:
            decisions = self._commit(requests)
        except Exception as error:  # noqa: BLE001  # whoever waits must hear of it, and the thread must go on
            self._fail(requests, error)
            return
        # The batch is durable from here on: if we die before answering, the retry finds the same events.
        self._cache.moved_head(decisions.position)
        if decisions.appended:
            self._appended(decisions.appended)

    def _commit(self, requests: Sequence[Request]) -> Decisions:
        if self.broken:
            raise StoppedError(self.broken, retry_after_s=60)
        decisions: Decisions | None = None
        try:
            with self._store.batch() as batch:
                decisions = Decisions(batch, self._cache, self._now_us())
                for request in requests:
                    request.outcomes = [decisions.decide_all(group) for group in request.groups]
                batch.append(decisions.appended)
        except Exception as error:
            self._cache.clear()  # its claims may have evolved by what is not stored
            is_unknown = isinstance(error, StoreUnavailableError)
            if decisions is None or not is_unknown or not self._is_stored(decisions):
                raise
        return decisions

    def _is_stored(self, decisions: Decisions) -> bool:
        """Ask the store whether a batch whose commit failed is there all the same: it is whole or not at all."""
        if not decisions.appended:
            return False
        first = decisions.appended[0]
        try:
            with self._store.batch() as batch:
                # Salted: the same event that somebody else has recorded meanwhile has another digest.
                found = batch.find(first.event.event_id or "")
                return found is not None and found.digest == first.digest
        except StoreUnavailableError as error:
            raise OutcomeUnknownError(str(error)) from error  # the client's retry, with its event id, gets the truth

    def _fail(self, requests: Sequence[Request], error: Exception) -> None:
        log.error("batch_failed", requests=len(requests), error=repr(error))
        if isinstance(error, BrokenLedgerError):
            self.broken = f"the ledger contradicts itself: {error}"
        if isinstance(error, ClockAheadError | BrokenLedgerError):
            error = StoppedError(str(error), retry_after_s=60)
        for request in requests:
            request.outcomes = [error] * len(request.groups)

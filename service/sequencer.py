"""The one way in: a bounded queue, one thread, and one transaction for what waits.

A batch is what came in while the last one was committed; with nothing waiting a command goes at once.
"""

import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from api.ports import OutcomeUnknownError, UnavailableError
from service.batch import ClaimCache, Decisions
from service.clock import ClockAheadError, ledger_now_us
from service.requests import OverloadedError, Request, StoppedError, Watch
from service.shares import Shares
from service.store.records import BrokenLedgerError, Recorded, Store, StoreUnavailableError

log = structlog.get_logger()
_REMEMBERED_S = 10.0
_SLOW_S = 5.0
"""No batch takes so long, unless the database waits for a standby, or for somebody who holds its locks."""


_FORESEEN = (UnavailableError, BrokenLedgerError, ClockAheadError)


class _UndecidedError(Exception):
    """Nobody foresaw what happened when a batch was decided; nothing of it was written."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(str(cause))
        self.cause = cause


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many commands may wait, how many go into one transaction, how many events the claims held may have.

    Twice as many may wait where several post: one who fills the queue leaves room for the others.
    """

    queue: int = 10_000
    batch: int = 512
    cached_events: int = 60_000


_FORGET = Request(())
"""Stands in the queue where the claims that are held shall be forgotten."""


class Sequencer:
    """Records what clients ask, in one order, and answers them when it is durable."""

    def __init__(
        self,
        store: Store,
        now_us: Callable[[], int],
        answer: Callable[[Sequence[Request]], None],
        appended: Callable[[Sequence[Recorded]], None],
        limits: Limits,
        watch: Watch | None = None,
    ) -> None:
        """Prepare the thread; `answer` gets the requests with their outcomes, `appended` what is durable."""
        self._store = store
        self._now_us = now_us
        self._answer = answer
        self._appended = appended
        self._limits = limits
        watch = watch or Watch()
        self._observer = watch.observer
        self._elapsed_s = watch.elapsed_s
        self._cache = ClaimCache(limits.cached_events)
        self._queue: queue.SimpleQueue[Request | None] = queue.SimpleQueue()
        self._waiting = Shares()
        self._lock = threading.Lock()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="sequencer", daemon=True)
        self._failure: tuple[str, float] | None = None
        self._began_s: float | None = None
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

    def halt(self, reason: str) -> None:
        """Record nothing more, what waits neither: what is stored contradicts itself, somebody else has found out."""
        self.broken = self.broken or reason

    def forget(self) -> None:
        """Let go of all claims, after the batch under way: somebody else may have erased some of their events."""
        self._queue.put(_FORGET)

    def submit(self, request: Request) -> None:
        """Queue a request. Raises OverloadedError, StoppedError; what is queued is answered for certain."""
        commands, poster = request.size, request.poster
        with self._lock:
            if self._stopping or self.broken:
                self._observer.turned_away(commands)
                raise StoppedError(self.broken or "the service is stopping", retry_after_s=5)
            if self._waiting.total and not self._waiting.may_take(poster, commands, self._limits.queue):
                self._observer.turned_away(commands)
                raise OverloadedError("too many events wait to be recorded")
            self._waiting.take(poster, commands)
            self._queue.put(request)

    @property
    def depth(self) -> int:
        """How many commands wait."""
        return self._waiting.total

    def fault(self) -> str | None:
        """Return why nothing can be recorded now, as far as the last batches tell; None when all is well."""
        if self.broken:
            return self.broken
        if self._stopping:
            return "the service is stopping"
        if not self._thread.is_alive():
            return "the sequencer does not run"
        began_s = self._began_s
        if began_s is not None and self._elapsed_s() - began_s >= _SLOW_S:
            return "the database has not finished a batch for over five seconds"
        failure = self._failure
        # Not for ever: who is not ready may get no more traffic, and only a batch shows that all is well again.
        if failure is None or self._elapsed_s() - failure[1] >= _REMEMBERED_S:
            return None
        return failure[0]

    def _run(self) -> None:
        try:
            while self._turn():
                pass
        except Exception as error:
            # Whoever answers has failed: nothing more may be queued that nobody would answer.
            self.broken = f"the sequencer has failed: {error!r}"
            log.exception("sequencer_failed", error=error)

    def _turn(self) -> bool:
        """Record what waits, and return whether to go on. While nothing waits, nothing of it is held."""
        requests, ended = self._take()
        if requests:
            self._began_s = self._elapsed_s()
            self._record(requests)
            self._began_s = None
            self._observer.settled(requests)
            self._answer(requests)
        return not ended

    def _take(self) -> tuple[list[Request], bool]:
        """Return the requests that wait, as many as a batch holds, and whether the last one was taken."""
        requests: list[Request] = []
        commands = 0
        item = self._queue.get()
        while item is not None:
            if item is _FORGET:
                self._cache.clear()
            else:
                requests.append(item)
            commands += item.size
            if commands >= self._limits.batch:
                break
            try:
                item = self._queue.get_nowait()
            except queue.Empty:
                break
        with self._lock:
            for request in requests:
                self._waiting.give_back(request.poster, request.size)
        return requests, item is None

    def _record(self, requests: Sequence[Request]) -> None:
        """Decide and commit a batch; afterwards every request has its outcomes."""
        try:
            decisions, seconds = self._commit(requests)
        except _UndecidedError as error:
            self._record_apart(requests, error.cause)
            return
        except Exception as error:  # noqa: BLE001  # whoever waits must hear of it, and the thread must go on
            self._fail(requests, error)
            return
        # The batch is durable from here on: if we die before answering, the retry finds the same events.
        self._cache.moved_head(decisions.position)
        if decisions.appended:
            self._failure = None
            self._observer.committed(decisions.position, seconds)
            self._appended(decisions.appended)

    def _record_apart(self, requests: Sequence[Request], error: Exception) -> None:
        """Record each request by itself: the one that nobody can decide about takes no other with it."""
        if len(requests) == 1:
            self._fail(requests, error)
            return
        log.error("batch_taken_apart", requests=len(requests), error=error)
        for request in requests:
            self._record([request])

    def _commit(self, requests: Sequence[Request]) -> tuple[Decisions, float]:
        """Return what was decided, and how many seconds writing it took."""
        if self.broken:
            raise StoppedError(self.broken, retry_after_s=60)
        decisions: Decisions | None = None
        is_decided = False
        began_s = self._elapsed_s()
        try:
            with self._store.batch() as batch:
                decisions = Decisions(batch, self._cache, ledger_now_us(self._now_us(), batch.clock_us))
                decisions.look_ahead(command for request in requests for group in request.groups for command in group)
                for request in requests:
                    request.outcomes = [decisions.decide_all(group) for group in request.groups]
                is_decided, began_s = True, self._elapsed_s()
                batch.append(decisions.appended)
                batch.erase(decisions.erased)
        except Exception as error:
            self._cache.clear()  # its claims may have evolved by what is not stored
            if decisions is not None and not is_decided and not isinstance(error, _FORESEEN):
                raise _UndecidedError(error) from error
            is_unknown = isinstance(error, StoreUnavailableError)
            if decisions is None or not is_unknown or not self._is_stored(decisions):
                raise
        return decisions, self._elapsed_s() - began_s

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
        request_ids = list(dict.fromkeys(request.request_id for request in requests if request.request_id))
        log.error("batch_failed", requests=len(requests), request_ids=request_ids, error=error)
        if isinstance(error, StoreUnavailableError | OutcomeUnknownError):
            self._failure = (str(error), self._elapsed_s())
        if isinstance(error, BrokenLedgerError):
            self.broken = f"the ledger contradicts itself: {error}"
        if isinstance(error, ClockAheadError | BrokenLedgerError):
            error = StoppedError(str(error), retry_after_s=60)
        for request in requests:
            request.outcomes = [error] * len(request.groups)

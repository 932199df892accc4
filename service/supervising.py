"""Runs several services on one address, each in a process of its own, and starts another where one has died."""

import multiprocessing
import os
import signal
import socket
import sys
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Self

import structlog

from service.logs import configure_logging
from service.serving import listen, serve_on, tell_address
from service.settings import Settings

log = structlog.get_logger()
# Not forked: what an import has begun in this process, a thread say, would be half there in the other.
_processes = multiprocessing.get_context("spawn")
_AGAIN_S = 1.0
"""Who dies as soon as it has begun is not started again at once."""


@dataclass(frozen=True, slots=True)
class Work:
    """What every process does; the errors in `refusals` are told in one line."""

    settings: Settings
    public_reads: bool
    refusals: tuple[type[Exception], ...]


class Worker:
    """A process that serves. It ends when it is told to, and when we are gone."""

    def __init__(self, work: Work, listener: socket.socket) -> None:
        self._ours, theirs = _processes.Pipe()
        self.process = _processes.Process(target=_serve, args=(work, listener, theirs))
        self.process.start()
        theirs.close()

    def has_started(self) -> bool:
        """Wait until it takes requests; return False where it has ended instead."""
        try:
            self._ours.recv()
        except EOFError:
            self.process.join()
            return False
        return True

    def end(self) -> None:
        """Ask it to finish what it is at, which takes some ten seconds at most."""
        if self.process.is_alive():
            self.process.terminate()

    def join(self) -> int:
        """Wait for its end, and return its exit code."""
        self.process.join()
        self._ours.close()
        return self.process.exitcode or 0


def supervise(work: Work, host: str, port: int, count: int) -> None:
    """Serve with so many processes until SIGTERM or SIGINT, then have each finish what it is at.

    Raises OSError where the address can not be listened on, SystemExit where the first process does not start.
    """
    configure_logging(work.settings.log_format, work.settings.log_level)
    with listen(host, port) as listener, _Stop() as stop, ExitStack() as ends:
        # One first: it makes tables, keys and read models where there are none, and finds out whether it can serve.
        first = Worker(work, listener)
        if not first.has_started():
            sys.exit(first.join())
        workers = [first, *(Worker(work, listener) for _ in range(count - 1))]
        ends.callback(_end, workers)
        tell_address(listener)
        while not stop.is_asked(workers):
            _replace_dead(workers, work, listener, stop)


def _replace_dead(workers: list[Worker], work: Work, listener: socket.socket, stop: "_Stop") -> None:
    for place, worker in enumerate(workers):
        if not worker.process.is_alive():
            log.error("worker_died", pid=worker.process.pid, exit_code=worker.join())
            if stop.is_asked((), _AGAIN_S):
                return
            workers[place] = Worker(work, listener)


def _end(workers: Sequence[Worker]) -> None:
    for worker in workers:
        worker.end()
    for worker in workers:
        worker.join()


class _Stop:
    """Hears of SIGTERM and SIGINT, also while it waits for something else."""

    def __enter__(self) -> Self:
        self._told, self._tell = socket.socketpair()
        self._tell.setblocking(False)
        signal.set_wakeup_fd(self._tell.fileno())
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: None)
        return self

    def __exit__(self, *_: object) -> None:
        signal.set_wakeup_fd(-1)
        self._told.close()
        self._tell.close()

    def is_asked(self, workers: Sequence[Worker], patience_s: float | None = None) -> bool:
        """Wait until we are asked to stop, or one of the workers has died; return whether we are asked."""
        found = wait([self._told, *(worker.process.sentinel for worker in workers)], patience_s)
        return self._told in found


def _serve(work: Work, listener: socket.socket, parent: Connection) -> None:
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    try:
        serve_on(listener, work.settings, lambda _: parent.send(True), public_reads=work.public_reads)
    except work.refusals as error:
        sys.stderr.write(f"onrecord: {error}\n")
        sys.exit(2)


def _end_with(parent: Connection) -> None:
    try:
        parent.recv()
    except EOFError:
        os.kill(os.getpid(), signal.SIGTERM)

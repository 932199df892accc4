"""Hears of appends that other nodes make, and wakes whoever follows; without it they look once a second."""

import threading
from collections.abc import Callable

import psycopg
import structlog

from service.store.postgres_connections import CONNECT

log = structlog.get_logger()
_CHANNEL = "onrecord_appended"
_LISTEN_S = 0.5
_AGAIN_S = 1.0


class Listener:
    """A thread with a session of its own: a pooler in transaction mode must not stand before it."""

    def __init__(self, url: str, wake: Callable[[], None]) -> None:
        """Prepare the thread; `wake` is called in it."""
        self._url = url
        self._wake = wake
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="listener", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """End within half a second."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                with psycopg.connect(self._url, **CONNECT) as connection:
                    connection.execute(f"LISTEN {_CHANNEL}".encode())
                    self._wake()  # for what was appended before anybody listened
                    self._listen(connection)
            except psycopg.Error as error:
                log.warning("listener_lost", error=str(error).partition("\n")[0])
                self._stop.wait(_AGAIN_S)

    def _listen(self, connection: psycopg.Connection[object]) -> None:
        while not self._stop.is_set():
            for _ in connection.notifies(timeout=_LISTEN_S, stop_after=1):
                self._wake()

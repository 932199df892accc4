"""Lets whoever has erased something wait until it is in no file any more."""

import asyncio
import threading
from contextlib import suppress


class Erasures:
    """Knows up to which position erasures are done, and who waits for one."""

    def __init__(self, patience_s: float = 30.0) -> None:
        self._patience_s = patience_s
        self._lock = threading.Lock()
        self._position = 0
        self._waiting: set[tuple[int, asyncio.Future[None]]] = set()

    def done_to(self, position: int) -> None:
        """Note up to which position all is done, and wake who waits for it. In whichever thread."""
        with self._lock:
            self._position = position
            ready = {waiting for waiting in self._waiting if waiting[0] <= position}
            self._waiting -= ready
        for _, future in ready:
            with suppress(RuntimeError):  # the loop has been closed: nobody waits any more
                future.get_loop().call_soon_threadsafe(_wake, future)

    async def wait_for(self, position: int) -> bool:
        """Wait until the erasure at a position is done, as long as a client can be kept; return whether it is."""
        waiting = (position, asyncio.get_running_loop().create_future())
        with self._lock:
            if position <= self._position:
                return True
            self._waiting.add(waiting)
        try:
            # Not `wait_for`, which up to Python 3.11 forgets a cancellation that comes with the result.
            async with asyncio.timeout(self._patience_s):
                await waiting[1]
        except TimeoutError:
            return False
        finally:
            with self._lock:
                self._waiting.discard(waiting)
        return True


def _wake(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)

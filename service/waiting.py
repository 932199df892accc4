"""Tasks that wait until something has come to a position."""

import asyncio


class Progress:
    """How far something has come. Belongs to the event loop; anybody may read the position."""

    def __init__(self, position: int) -> None:
        self.position = position
        self._waiting: set[tuple[int, asyncio.Future[None]]] = set()

    def move(self, position: int) -> None:
        """Note how far it has come, and wake who waits for that."""
        self.position = position
        for waiting in [waiting for waiting in self._waiting if waiting[0] <= position]:
            self._waiting.discard(waiting)
            if not waiting[1].done():
                waiting[1].set_result(None)

    async def wait_for(self, position: int, timeout_s: float) -> bool:
        """Wait until it has come to a position; return whether it has."""
        if position <= self.position:
            return True
        waiting = (position, asyncio.get_running_loop().create_future())
        self._waiting.add(waiting)
        try:
            # Not `wait_for`, which up to Python 3.11 forgets a cancellation that comes with the result.
            async with asyncio.timeout(timeout_s):
                await waiting[1]
        except TimeoutError:
            return False
        finally:
            self._waiting.discard(waiting)
        return True

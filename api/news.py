"""What is new in the ledger: read and encoded once for all who listen, as far as they see the same."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from fastapi.sse import format_sse_event

from api.doorkeeping import Doorkeeper
from api.ports import Record, Views

_PAGE = 500
_GATHER_S_PER_LISTENER = 0.0005
_LONGEST_GATHER_S = 0.5
_LONG_S = 3600.0


class News(NamedTuple):
    """What is new for an audience, as it is sent, and after which position to read on."""

    body: bytes
    after: int


class Pace(NamedTuple):
    """How long a stream may be quiet, go on without a look at its key, and wait for its reader."""

    heartbeat_s: float = 15.0
    # This often it is looked whether a key is still good: the streams of a revoked one are dead within five seconds.
    look_s: float = 2.0
    # What was sent is left unread for so long: the reader is dropped, and nothing is buffered for it.
    slow_s: float = 10.0
    farewell_s: float = 1.0


class Tip:
    """The end of the ledger as an audience sees it, watched once for all who have come there.

    Nobody is woken by what the audience may not see: a thousand who listen cost an append nothing then.
    """

    def __init__(self, reads: "LiveReads", views: Views, audience: int) -> None:
        """Begin to watch, on the running loop."""
        self.newest = self.scanned = views.position  # what is visible up to there, nobody has looked at
        self._views = views
        self._quiet = range(0)
        self._moved = asyncio.Event()
        self._watching = asyncio.create_task(self._watch(reads, audience))
        self._watching.add_done_callback(self._tell)

    @property
    def is_over(self) -> bool:
        """Whether it is watched no more."""
        return self._watching.done()

    def reading_after(self, after: int) -> int:
        """Return from where on to read what comes after a position: the same for all who have seen the same."""
        return self._quiet[-1] if after in self._quiet else after

    async def wait(self, timeout_s: float) -> None:
        """Return when something has come that the audience sees, or when it has taken too long.

        Raises what reading raised.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._moved.wait()
        if self._watching.done() and not self._watching.cancelled():
            self._watching.result()

    def end(self) -> None:
        """Watch no more."""
        self._watching.cancel()

    async def _watch(self, reads: "LiveReads", audience: int) -> None:
        while True:
            if await self._views.wait_for(self.scanned + 1, _LONG_S):
                await asyncio.sleep(reads.gather_s)
                self._show(await reads.read(self._views, audience, self.scanned))

    def _show(self, news: News) -> None:
        before, self.scanned = self.scanned, news.after
        if news.body:
            # Between what came last and where this was looked for there is nothing that the audience sees.
            self._quiet = range(self.newest, before + 1)
            self.newest = news.after
            self._moved.set()
            self._moved = asyncio.Event()

    def _tell(self, watching: asyncio.Task[None]) -> None:
        """Wake all who wait when it is over; what it raised is theirs to raise."""
        self._moved.set()
        _ = watching.cancelled() or watching.exception()


class LiveReads:
    """Who listens, and what they read together."""

    def __init__(
        self,
        pace: Pace | None = None,
        elapsed_s: Callable[[], float] = lambda: asyncio.get_running_loop().time(),
    ) -> None:
        self.pace = pace or Pace()
        self.door = Doorkeeper(self.pace.look_s)
        self._elapsed_s = elapsed_s
        self._position = -1
        self._since_s = 0.0
        self._reads: dict[tuple[int, int], asyncio.Task[News]] = {}
        self._tips: dict[int, Tip] = {}
        self._listening: dict[asyncio.Task[None], int] = {}
        self._is_over = False

    @property
    def gather_s(self) -> float:
        """How long to gather what is new before it is sent: the more listen, the longer."""
        return min(_LONGEST_GATHER_S, _GATHER_S_PER_LISTENER * len(self._listening))

    def join(self, sending: asyncio.Task[None], audience: int) -> None:
        """Count a stream in, by the task that sends it."""
        self._listening[sending] = audience
        if self._is_over:
            sending.cancel()

    def leave(self, sending: asyncio.Task[None]) -> None:
        """Count a stream out; with the last one goes all that was read, and nothing is watched."""
        audience = self._listening.pop(sending)
        if audience not in self._listening.values() and audience in self._tips:
            self._tips.pop(audience).end()
        if not self._listening:
            self._reads.clear()

    def end(self) -> None:
        """End every stream, also those that are asked for from now on: the service stops."""
        self._is_over = True
        for sending in self._listening:
            sending.cancel()

    def tip(self, views: Views, audience: int) -> Tip:
        """Return the end of the ledger as an audience sees it."""
        tip = self._tips.get(audience)
        if tip is None or tip.is_over:
            tip = self._tips[audience] = Tip(self, views, audience)
        return tip

    async def read(self, views: Views, audience: int, after: int) -> News:
        """Return what an audience has not seen yet."""
        now_s = self._elapsed_s()
        # Not for long where nothing moves either: the database may be away, and others have erased something.
        if views.position != self._position or now_s - self._since_s > self.pace.look_s:
            self._position, self._since_s = views.position, now_s
            self._reads.clear()
        place = (audience, after)
        if place not in self._reads:
            self._reads[place] = asyncio.create_task(_read(views, audience, after))
        # One who goes away takes nothing from the others who wait for the same.
        return await asyncio.shield(self._reads[place])


async def _read(views: Views, audience: int, after: int) -> News:
    position = views.position
    records = await views.list_events(audience, after, _PAGE)
    last = records[-1].position if records else after
    return News(b"".join(map(_encode, records)), last if len(records) == _PAGE else max(last, position))


def _encode(record: Record) -> bytes:
    return format_sse_event(data_str=record.body.decode(), id=str(record.position))

"""The ledger as it grows: Server-Sent Events, from any position, for as long as the reader listens."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.auth import require_reader
from api.caching import Reading
from api.errors import BadParameterError, UnauthorizedError
from api.ports import Record, Views
from api.requests import ApiRequest
from domain.values import MAX_INTEGER

EVENT_STREAM = b"text/event-stream"

_HEARTBEAT_S = 15.0
# How often a quiet stream looks whether its key is still good: a revoked one is dead within five seconds.
_LOOK_S = 2.0
_PAGE = 500
# How long a reader may leave unread what was sent to it, before it is dropped: nothing is buffered for it.
_SLOW_S = 10.0
_GATHER_S_PER_LISTENER = 0.0005
_LONGEST_GATHER_S = 0.5


class News(NamedTuple):
    """What is new for an audience, as it is sent, and after which position to read on."""

    body: bytes
    after: int


class LiveReads:
    """Reads and encodes what is new once for all who listen, as far as they see the same."""

    def __init__(self, elapsed_s: Callable[[], float] = lambda: asyncio.get_running_loop().time()) -> None:
        self._elapsed_s = elapsed_s
        self.listeners = 0
        self._position = -1
        self._since_s = 0.0
        self._reads: dict[tuple[int, int], asyncio.Task[News]] = {}

    @property
    def gather_s(self) -> float:
        """How long to gather what is new before it is sent: the more listen, the longer."""
        return min(_LONGEST_GATHER_S, _GATHER_S_PER_LISTENER * self.listeners)

    async def read(self, views: Views, audience: int, after: int) -> News:
        """Return what an audience has not seen yet."""
        now_s = self._elapsed_s()
        # Not for long where nothing moves either: the database may be away, and others have erased something.
        if views.position != self._position or now_s - self._since_s > _LOOK_S:
            self._position, self._since_s = views.position, now_s
            self._reads.clear()
        place = (audience, after)
        if place not in self._reads:
            self._reads[place] = asyncio.create_task(_read(views, audience, after))
        # One who goes away takes nothing from the others who wait for the same.
        return await asyncio.shield(self._reads[place])

    def leave(self) -> None:
        """Note that a listener has gone; with the last one goes all that was read."""
        self.listeners -= 1
        if not self.listeners:
            self._reads.clear()


async def _read(views: Views, audience: int, after: int) -> News:
    position = views.position
    records = await views.list_events(audience, after, _PAGE)
    last = records[-1].position if records else after
    return News(b"".join(map(_encode, records)), last if len(records) == _PAGE else max(last, position))


def _encode(record: Record) -> bytes:
    return format_sse_event(data_str=record.body.decode(), id=str(record.position))


def resume_after(request: ApiRequest, after: int) -> int:
    """Return the position that a stream goes on after: where the reader last was, else where it wants to begin."""
    last = request.header(b"last-event-id")
    if not last:
        return after
    if not (last.isdigit() and int(last) <= MAX_INTEGER):
        raise BadParameterError.named("Last-Event-ID", "position", "not the id of an event of this stream")
    return int(last)


class EventStream(Response):
    """The answer that goes on: events as they come, a heartbeat when none do."""

    def __init__(self, request: ApiRequest, reading: Reading, reads: LiveReads, after: int) -> None:
        super().__init__()
        self._request = request
        self._reading = reading
        self._reads = reads
        self._after = after

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        position, _, vary = self._reading.headers()
        headers = [(b"content-type", EVENT_STREAM), (b"cache-control", b"no-store"), position, vary]
        # A proxy that gathers the answer before it hands it on would make it no stream.
        headers.append((b"x-accel-buffering", b"no"))
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        if scope.get("is_head"):
            await send({"type": "http.response.body", "body": b""})
            return
        self._reads.listeners += 1
        sending = asyncio.create_task(self._send_all(send))
        try:
            await _until_gone(receive, sending)
        finally:
            self._reads.leave()
            sending.cancel()
            with suppress(asyncio.CancelledError, TimeoutError, UnauthorizedError):
                await sending

    async def _send_all(self, send: Send) -> None:
        await _send(send, KEEPALIVE_COMMENT)  # the reader sees at once that it is connected
        elapsed_s = asyncio.get_running_loop().time
        sent_s = elapsed_s()
        while True:
            news = await self._reads.read(self._request.ports.views, self._reading.audience, self._after)
            self._after = news.after
            if news.body or elapsed_s() - sent_s >= _HEARTBEAT_S:
                await _send(send, news.body or KEEPALIVE_COMMENT)
                sent_s = elapsed_s()
            if await self._request.ports.views.wait_for(self._after + 1, _LOOK_S):
                await asyncio.sleep(self._reads.gather_s)
            await require_reader(self._request)


async def _send(send: Send, body: bytes) -> None:
    async with asyncio.timeout(_SLOW_S):
        await send({"type": "http.response.body", "body": body, "more_body": True})


async def _until_gone(receive: Receive, sending: asyncio.Task[None]) -> None:
    """Return when the reader has gone away, or when there is nothing more to send to it."""
    gone = asyncio.create_task(_wait_until_gone(receive))
    try:
        await asyncio.wait((gone, sending), return_when=asyncio.FIRST_COMPLETED)
    finally:
        gone.cancel()


async def _wait_until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass

"""The ledger as it grows: Server-Sent Events, from any position, for as long as the reader listens."""

import asyncio
from contextlib import suppress

from fastapi.sse import KEEPALIVE_COMMENT
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.caching import Reading, note_reading
from api.errors import BadParameterError
from api.news import LiveReads
from api.ports import Key, UnavailableError
from api.requests import ApiRequest
from domain.values import MAX_INTEGER

EVENT_STREAM = b"text/event-stream"

# Python refuses to read numbers of thousands of digits.
_DIGITS = 16


def resume_after(request: ApiRequest, after: int) -> int:
    """Return the position that a stream goes on after: where the reader last was, else where it wants to begin."""
    last = request.header(b"last-event-id")
    if not last:
        return after
    if not (last.isdigit() and len(last) <= _DIGITS and int(last) <= MAX_INTEGER):
        raise BadParameterError.named("Last-Event-ID", "position", "not the id of an event of this stream")
    return int(last)


class EventStream(Response):
    """The answer that goes on: events as they come, a heartbeat when none do."""

    def __init__(self, request: ApiRequest, key: Key | None, reading: Reading, reads: LiveReads, after: int) -> None:
        super().__init__()
        self._request = request
        self._key = key
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
        sending = asyncio.create_task(self._send_all(send))
        self._reads.join(sending, self._reading.audience)
        try:
            with self._reads.door.let_in(self._request, sending):
                await _until_gone(receive, sending)
        finally:
            self._reads.leave(sending)
            sending.cancel()
            # The key is no longer good, the service stops or can not read now: the reader comes again, or not.
            with suppress(asyncio.CancelledError, UnavailableError, TimeoutError):
                await sending
        await self._take_leave(send)

    async def _send_all(self, send: Send) -> None:
        await self._send(send, KEEPALIVE_COMMENT)  # the reader sees at once that it is connected
        elapsed_s = asyncio.get_running_loop().time
        sent_s = elapsed_s()
        while True:
            quiet_s = elapsed_s() - sent_s
            body = await self._next(self._reads.pace.heartbeat_s - quiet_s)
            if body:
                await note_reading(self._request, self._key, self._reading.audience)
            if body or elapsed_s() - sent_s >= self._reads.pace.heartbeat_s:
                await self._send(send, body or KEEPALIVE_COMMENT)
                sent_s = elapsed_s()

    async def _next(self, timeout_s: float) -> bytes:
        """Return what is new, nothing where there is none for so long."""
        views, audience = self._request.ports.views, self._reading.audience
        tip = self._reads.tip(views, audience)
        if tip.newest <= self._after:
            self._after = max(self._after, tip.scanned)
            await tip.wait(timeout_s)
        if tip.newest <= self._after:
            return b""
        news = await self._reads.read(views, audience, tip.reading_after(self._after))
        self._after = news.after
        return news.body

    async def _send(self, send: Send, body: bytes) -> None:
        async with asyncio.timeout(self._reads.pace.slow_s):
            await send({"type": "http.response.body", "body": body, "more_body": True})

    async def _take_leave(self, send: Send) -> None:
        """End the answer as one that is whole; to who does not even read that, the connection is broken off."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._reads.pace.farewell_s):
                await send({"type": "http.response.body", "body": b""})


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

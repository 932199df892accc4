"""HTTP connections: they send the head of an answer together with its body, and turn posts away under overload."""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api.problems import encode_problem, to_problem
from service.admission import Admission
from service.requests import OverloadedError

_HEAD = b"HTTP/1."
_LONGEST_HEAD = 64 * 1024
_FRAMING = 8
"""How many bytes beside each byte of a body are no abuse: a chunk of one byte has five."""
_OVERLOADED = OverloadedError("more is posted than can be recorded; nothing of this request was")
_BODY = encode_problem(to_problem(_OVERLOADED))
_REFUSAL = (
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/problem+json\r\ncontent-length: %d\r\n"
    b"cache-control: no-store\r\nretry-after: %d\r\nx-content-type-options: nosniff\r\n"
) % (len(_BODY), _OVERLOADED.retry_after_s)
_CLOSE = b"connection: close\r\n"


class JoiningTransport:
    """A transport that holds the head of an answer back until its body is written, in the same turn of the loop.

    uvicorn writes them one after the other, and uvloop sends each at once: the second system call, and the
    second packet for the client to wake for, cost a quarter of a short answer. All else goes through as it comes.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop, linger_s: float = 5.0) -> None:
        self._transport = transport
        self._loop = loop
        self._linger_s = linger_s
        self._head = b""

    def __getattr__(self, name: str) -> Any:  # Any: whatever a transport has
        return getattr(self._transport, name)

    def write(self, piece: bytes) -> None:
        """Send a piece, and before it the head that was held back."""
        if self._head:
            piece, self._head = self._head + piece, b""
        elif piece.startswith(_HEAD):
            self._head = piece
            self._loop.call_soon(self._flush)  # no body may come, or not for long
            return
        self._transport.write(piece)

    def write_whole(self, answer: bytes) -> None:
        """Send an answer that has its body with it, at once."""
        self._flush()
        self._transport.write(answer)

    def close(self) -> None:
        """Send what is held back, and close; a client that does not read on is not waited for."""
        self._flush()
        self._transport.close()
        if left := self._transport.get_write_buffer_size():
            self._loop.call_later(self._linger_s, self._abort_unless_read, left)

    def _abort_unless_read(self, left: int) -> None:
        now_left = self._transport.get_write_buffer_size()
        if now_left >= left:
            self._transport.abort()
        elif now_left:
            self._loop.call_later(self._linger_s, self._abort_unless_read, now_left)

    def _flush(self) -> None:
        if self._head:
            piece, self._head = self._head, b""
            self._transport.write(piece)


class Refused:
    """Stands for a request that was answered before its body came: the rest of it is dropped."""

    response_complete = True
    disconnected = False
    message_event = asyncio.Event()

    def __init__(self, scope: object) -> None:
        self.scope = scope


class ServiceProtocol(HttpToolsProtocol):
    """uvicorn's protocol over such a transport; whom the admission turns away it answers itself.

    Under overload most requests are turned away, and each must cost little: it gets no task, and its body is not read.
    `linger_s` is how long a client may take none of what is left for it, once its connection is closed. `patience_s` is
    how long it may take to send the head of a request, and again for the body, however busy it looks; an import over
    NDJSON has no end, and anybody who posts one has shown a key.
    """

    linger_s = 5.0
    patience_s = 30.0

    def __init__(self, admission: Admission, **given: Any) -> None:  # Any: what uvicorn gives
        super().__init__(**given)
        self._admission = admission

    def connection_made(self, transport: Any) -> None:  # Any: uvicorn and asyncio type it differently
        """Begin to serve a client."""
        self._beside_bytes = self._body_bytes = 0
        self._whole: object = self  # the request that has come whole, by its scope
        self._seen: tuple[object, bool] = (self, False)
        self._joining = JoiningTransport(transport, self.loop, self.linger_s)
        super().connection_made(self._joining)  # type: ignore[arg-type]  # has its methods
        self._watching = self.loop.call_later(self.patience_s, self._look_at_pace)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget a client."""
        self._watching.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what has come; what is no body is held in memory, and a head by anybody, before any key is looked at."""
        self._body_bytes = 0
        super().data_received(data)
        # Heads, what frames chunks, and trailers; a request that is whole leaves nothing.
        beside = self._beside_bytes + len(data) - _FRAMING * self._body_bytes
        self._beside_bytes = 0 if self._whole is self.scope else max(0, beside)
        if self._beside_bytes > _LONGEST_HEAD:
            self._give_up("A request has 64 KiB at most beside its body.")

    def on_message_complete(self) -> None:
        """Note that a request has come whole."""
        self._whole = self.scope
        super().on_message_complete()

    def on_body(self, body: bytes) -> None:
        """Take a part of a body."""
        self._body_bytes += len(body)
        super().on_body(body)

    def on_headers_complete(self) -> None:
        """Begin a request, or turn it away."""
        self._beside_bytes = 0
        if self._may_be_refused() and not self._admission.enter(self.scope, is_counted=b"wait=" not in self.url):
            self._turn_away()
        else:
            super().on_headers_complete()

    def _look_at_pace(self) -> None:
        """Give up who has been sending one head, or one body, since the last look."""
        has_head = self._has_head()
        is_stuck = self._whole is not self.scope and self._seen[0] is self.scope and self._seen[1] is has_head
        self._seen = (self.scope, has_head)
        if is_stuck and not (has_head and not self.cycle.response_complete and self._is_import()):
            self._give_up("The request has not come in time.")
        else:
            self._watching = self.loop.call_later(self.patience_s, self._look_at_pace)

    def _give_up(self, why: str) -> None:
        if self._has_head():
            self.transport.abort()  # an answer may be under way
        elif not hasattr(self, "url"):
            self.transport.close()  # nothing was asked: a browser that connects in advance would take it for an answer
        elif not self.transport.is_closing():
            self.send_400_response(why)

    def _has_head(self) -> bool:
        """Tell whether the head of the request that comes is whole: then it has a cycle."""
        return hasattr(self.cycle, "scope") and self.cycle.scope is self.scope

    def _may_be_refused(self) -> bool:
        """Tell whether it is a post, and no answer is still to come on this connection before its own."""
        before: object | None = self.cycle
        is_first = before is None or self.cycle.response_complete
        # An import over NDJSON waits by itself until the ledger can take more.
        return is_first and self.parser.get_method() == b"POST" and not self._is_import()

    def _is_import(self) -> bool:
        return any(name == b"content-type" and b"ndjson" in value.lower() for name, value in self.headers)

    def _turn_away(self) -> None:
        self.cycle = Refused(self.scope)  # type: ignore[assignment]  # has what is asked of a request that is over
        # Who asks before sending a body may not send it: then nobody could tell where the next request begins.
        is_last = self.expect_100_continue or not self.parser.should_keep_alive()
        request_id = b"x-request-id: %s\r\n" % self._admission.next_request_id()
        self._joining.write_whole(_REFUSAL + request_id + (_CLOSE if is_last else b"") + b"\r\n" + _BODY)
        if is_last:
            self.transport.close()
        else:
            self.on_response_complete()

"""HTTP connections that send the head of an answer together with its body."""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_HEAD = b"HTTP/1."


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


class JoiningProtocol(HttpToolsProtocol):
    """uvicorn's protocol over such a transport.

    `linger_s` is how long a client may take none of what is left for it, once its connection is closed.
    """

    linger_s = 5.0

    def connection_made(self, transport: Any) -> None:  # Any: uvicorn and asyncio type it differently
        """Begin to serve a client."""
        super().connection_made(JoiningTransport(transport, self.loop, self.linger_s))  # type: ignore[arg-type]  # has its methods

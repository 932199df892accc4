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

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
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
        """Send what is held back, and close."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._head:
            piece, self._head = self._head, b""
            self._transport.write(piece)


class JoiningProtocol(HttpToolsProtocol):
    """uvicorn's protocol over such a transport."""

    def connection_made(self, transport: Any) -> None:  # Any: uvicorn and asyncio type it differently
        """Begin to serve a client."""
        super().connection_made(JoiningTransport(transport, self.loop))  # type: ignore[arg-type]  # has its methods

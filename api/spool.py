"""Answers that wait to be read: in memory at first, in a temporary file where a client reads late."""

from asyncio import Event
from collections import deque
from tempfile import TemporaryFile
from types import TracebackType
from typing import IO, Self

MEMORY_BYTES = 1024 * 1024
PIECE_BYTES = 64 * 1024


class Spool:
    """A queue of bytes that never makes its writer wait; what is over the limit goes to a temporary file.

    A client may send all it has before it reads one answer: if writing waited for it, both would wait for ever.
    """

    def __init__(self, memory_bytes: int = MEMORY_BYTES) -> None:
        self._memory_bytes = memory_bytes
        self._pieces: deque[bytes] = deque()
        self._held = 0
        self._file: IO[bytes] | None = None
        self._written = self._read = 0
        self._is_closed = False
        self._changed = Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._file is not None:
            self._file.close()

    @property
    def spilled_bytes(self) -> int:
        """How much waits in the file."""
        return self._written - self._read

    def put(self, piece: bytes) -> None:
        """Add bytes at the end."""
        if not piece:
            return  # nothing is what the end looks like
        # Once there is something in the file, what is newer goes there too: the order must hold.
        if self.spilled_bytes or self._held + len(piece) > self._memory_bytes:
            self._spill(piece)
        else:
            self._pieces.append(piece)
            self._held += len(piece)
        self._changed.set()

    def close(self) -> None:
        """Say that nothing more comes."""
        self._is_closed = True
        self._changed.set()

    async def take(self) -> bytes:
        """Return the next bytes, in the order in which they were put; empty at the end."""
        while not (self._pieces or self.spilled_bytes or self._is_closed):
            self._changed.clear()
            await self._changed.wait()
        if self._pieces:
            piece = self._pieces.popleft()
            self._held -= len(piece)
            return piece
        return self._unspill()

    def _spill(self, piece: bytes) -> None:
        if self._file is None:
            self._file = TemporaryFile()  # noqa: SIM115  # closed when the spool is
        self._file.seek(self._written)
        self._file.write(piece)
        self._written += len(piece)

    def _unspill(self) -> bytes:
        if self._file is None or not self.spilled_bytes:
            return b""
        self._file.seek(self._read)
        piece = self._file.read(PIECE_BYTES)
        self._read += len(piece)
        if not self.spilled_bytes:
            self._file.truncate(0)
            self._written = self._read = 0
        return piece

"""Lines of a body that comes in pieces, none of them held beyond the length that a line may have."""

from typing import NamedTuple


class Line(NamedTuple):
    """One line, counted from 1; its text is None where it was too long to keep."""

    number: int
    text: bytes | None


class LineSplitter:
    """Splits what it is fed into lines. Blank ones are counted and left out."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._rest = b""
        self._is_too_long = False
        self._number = 0

    def feed(self, piece: bytes) -> list[Line]:
        """Return the lines that are complete now."""
        *texts, self._rest = (self._rest + piece).split(b"\n")
        lines = [line for line in map(self._line, texts) if line.text is None or line.text.strip()]
        if len(self._rest) > self._max_bytes:
            self._is_too_long, self._rest = True, b""
        return lines

    def finish(self) -> list[Line]:
        """Return the last line, where it has no end."""
        return self.feed(b"\n")

    def _line(self, text: bytes) -> Line:
        self._number += 1
        is_too_long = self._is_too_long or len(text) > self._max_bytes
        self._is_too_long = False
        return Line(self._number, None if is_too_long else text)

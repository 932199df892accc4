"""The different readings of a claim, each with the audiences that share it."""

from collections.abc import Iterator
from dataclasses import dataclass

from domain.fold import ClaimFold
from domain.reader import Reading


@dataclass(frozen=True, slots=True)
class Span:
    """A reading, and the first and the last audience that it is for."""

    first: int
    last: int
    reading: Reading


def spans_of(fold: ClaimFold) -> Iterator[Span]:
    """Yield the readings of a claim; audiences before the first see no claim."""
    for first, last in fold.runs():
        reading = fold.reading(first)
        if reading is not None:
            yield Span(first, last, reading)

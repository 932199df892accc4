"""The picture of both clocks: when each thing was said, on one line; when it was recorded, on another."""

from collections.abc import Sequence
from dataclasses import dataclass

from api.dashboard.entries import Entry
from domain.times import DAY_US, Span, format_brief, parse_fuzzy, parse_instant

WIDTH, SAID_Y, RECORDED_Y = 1000, 40, 150
_MARGIN = 14
_TICKS = 5
_NARROWEST = 5
_DRAWN = frozenset(
    {"ClaimReported", "ClaimDenied", "ClaimAssessed", "ClaimConfirmed", "ClaimCommentDeclined", "EvidenceAttached"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One entry in the picture; places are in units of its width."""

    entry: Entry
    left: int
    width: int
    recorded: int
    is_late: bool

    @property
    def middle(self) -> int:
        """Where its line begins."""
        return self.left + self.width // 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Clocks:
    """The picture: its marks, and the dates below it."""

    marks: Sequence[Mark]
    ticks: Sequence[tuple[int, str]]


def draw_clocks(entries: Sequence[Entry]) -> Clocks | None:
    """Return the picture of a history, None where nothing in it has a date."""
    drawn = [(entry, span_of(entry), parse_instant(entry.recorded_at)) for entry in entries if entry.type in _DRAWN]
    if not any(entry.occurred_at for entry, _, _ in drawn):
        return None
    first = min(min(span.earliest_us, recorded) for _, span, recorded in drawn)
    last = max(max(span.latest_us, recorded) for _, span, recorded in drawn)
    length = max(last - first, 1)

    def place(at_us: int) -> int:
        return _MARGIN + (at_us - first) * (WIDTH - 2 * _MARGIN) // length

    marks = [
        _mark(entry, place(span.earliest_us), place(span.latest_us), place(recorded), recorded - span.latest_us)
        for entry, span, recorded in drawn
    ]
    instants = [first + length * step // (_TICKS - 1) for step in range(_TICKS)]
    return Clocks(marks=marks, ticks=[(place(at_us), _label(at_us, length)) for at_us in instants])


def span_of(entry: Entry) -> Span:
    """Return when it was said, as far as it is known; without a date when it was recorded."""
    if entry.occurred_at:
        return parse_fuzzy(entry.occurred_at)
    recorded_us = parse_instant(entry.recorded_at)
    return Span(recorded_us, recorded_us)


def _mark(entry: Entry, left: int, right: int, recorded: int, behind_us: int) -> Mark:
    width = max(right - left, _NARROWEST)
    return Mark(
        entry=entry,
        left=min(left, WIDTH - width),
        width=width,
        recorded=recorded,
        is_late=bool(entry.occurred_at) and behind_us > DAY_US,
    )


def _label(at_us: int, length: int) -> str:
    """Return a date, with the time of day where the whole picture is of a few days."""
    text = format_brief(at_us)
    return text[:10] if length > 4 * DAY_US else text[5:16].replace("T", " ")

"""Instants and fuzzy times, as whole microseconds since 1970 in UTC.

Integers compare and add without surprises, and hold every microsecond of the years 0001 to 9999.
"""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

SECOND_US = 1_000_000
DAY_US = 86_400 * SECOND_US

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?"
    r"(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
)
_CALENDAR = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")
_LAST_US = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND


class Span(NamedTuple):
    """The earliest and the latest instant that a fuzzy time may mean, both included."""

    earliest_us: int
    latest_us: int


@lru_cache(maxsize=1024)  # a batch has one instant, which is asked for again and again
def parse_instant(text: str) -> int:
    """Return the microseconds of an RFC 3339 instant, with at most six fractional digits.

    Raises ValueError for anything else: leap seconds, 24:00, years outside 0001 to 9999 in UTC.
    """
    if not _INSTANT.fullmatch(text):
        raise ValueError("not an RFC 3339 instant such as 2024-10-04T12:00:00Z")
    try:
        return _to_us(datetime.fromisoformat(text).astimezone(UTC))
    except (ValueError, OverflowError) as error:
        raise ValueError(f"no such instant in the years 0001 to 9999: {text}") from error


@lru_cache(maxsize=4096)
def parse_fuzzy(text: str) -> Span:
    """Return the span of an instant, date, month, year, or an interval of two of these (EDTF level 0).

    A date, month or year runs from its first to its last microsecond in UTC; an interval from its
    first's start to its second's end. Raises ValueError where there is no such time.
    """
    start, slash, end = text.partition("/")
    if not slash:
        return _parse_single(start)
    earliest_us, latest_us = _parse_single(start).earliest_us, _parse_single(end).latest_us
    if earliest_us > latest_us:
        raise ValueError("the interval starts after it ends")
    return Span(earliest_us, latest_us)


def format_instant(at_us: int) -> str:
    """Return the ledger's own form of an instant: six digits and Z."""
    return f"{_format_seconds(at_us)}.{at_us % SECOND_US:06d}Z"


def format_brief(at_us: int) -> str:
    """Return the instant with Z, and with six fractional digits unless they are zero."""
    return format_instant(at_us) if at_us % SECOND_US else f"{_format_seconds(at_us)}Z"


@lru_cache(maxsize=256)
def _format_second(second: int) -> str:
    return (_EPOCH + timedelta(seconds=second)).isoformat()[:19]  # strftime takes ten times as long


def _format_seconds(at_us: int) -> str:
    return _format_second(at_us // SECOND_US)


def _parse_single(text: str) -> Span:
    if "T" in text:
        at_us = parse_instant(text)
        return Span(at_us, at_us)
    match = _CALENDAR.fullmatch(text)
    if not match:
        raise ValueError("not an instant, date, month, year, or an interval of two of these")
    year, month, day = (int(part or 1) for part in match.groups())
    try:
        first = datetime(year, month, day, tzinfo=UTC)
    except ValueError as error:
        raise ValueError(f"no such date in the years 0001 to 9999: {text}") from error
    return Span(_to_us(first), _last_us(first, text))


def _last_us(first: datetime, text: str) -> int:
    """Return the last microsecond of the day, month or year that begins with `first`."""
    if len(text) == len("2024-10-04"):
        return _to_us(first) + DAY_US - 1
    is_month = len(text) == len("2024-10")
    year, following = (first.year, first.month + 1) if is_month and first.month < 12 else (first.year + 1, 1)
    return _LAST_US if year > 9999 else _to_us(datetime(year, following, 1, tzinfo=UTC)) - 1


def _to_us(at: datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND

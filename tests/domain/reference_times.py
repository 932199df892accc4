"""The times of events, as the page on events defines them: slow, obvious, independent."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

DAY = timedelta(days=1)
MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """When a statement was made: an undated one has both ends at the instant of recording."""

    earliest: datetime
    latest: datetime
    dated: bool


def instant(text: str) -> datetime:
    """Return an RFC 3339 instant in UTC."""
    return datetime.fromisoformat(text).astimezone(UTC)


def bounds(text: str) -> tuple[datetime, datetime]:
    """Return the first and the last microsecond of an instant, date, month, year or interval."""
    first, _, second = text.partition("/")
    return _span(first)[0], _span(second or first)[1]


def occurrence(occurred_at: str | None, recorded_at: datetime) -> Occurrence:
    """Return when a statement was made, given what it says of that and when it was recorded."""
    if occurred_at is None:
        return Occurrence(earliest=recorded_at, latest=recorded_at, dated=False)
    earliest, latest = bounds(occurred_at)
    return Occurrence(earliest=earliest, latest=latest, dated=True)


def certainly_later(one: Occurrence, other: Occurrence) -> bool:
    """Return whether `one` began after `other` had ended: of an undated one that is never known."""
    return one.dated and one.earliest > other.latest


def rfc3339(moment: datetime) -> str:
    """Return the instant with Z, and six digits of fraction unless they are zero."""
    return moment.isoformat().removesuffix("+00:00") + "Z"


def _span(text: str) -> tuple[datetime, datetime]:
    if "T" in text:
        return instant(text), instant(text)
    year, month, day = (*map(int, text.split("-")), None, None)[:3]
    assert year is not None
    last_month = month or 12
    last_day = day or monthrange(year, last_month)[1]
    last = datetime(year, last_month, last_day, tzinfo=UTC)
    # The day is not run past its end by adding a day: the last year has no next day.
    return datetime(year, month or 1, day or 1, tzinfo=UTC), last + (DAY - MICROSECOND)

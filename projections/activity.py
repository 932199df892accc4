"""How much was recorded when, as each audience sees it."""

from collections import Counter

from domain.times import SECOND_US
from projections.batch import Batch
from projections.database import Connection

MINUTE_US = 60 * SECOND_US

TABLES = (
    # Events by the minute of their recording and the first audience that sees them.
    """
    CREATE TABLE activity (
      minute INTEGER NOT NULL,
      audience INTEGER NOT NULL,
      events INTEGER NOT NULL,
      PRIMARY KEY (minute, audience)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE event_counts (
      audience INTEGER PRIMARY KEY,
      events INTEGER NOT NULL
    ) STRICT
    """,
)


def apply(connection: Connection, batch: Batch) -> None:
    """Count new events, and those that another audience sees from now on."""
    minutes: Counter[tuple[int, int]] = Counter()
    for entry in batch.entries:
        minutes[entry.recorded_us // MINUTE_US, entry.audience] += 1
    for move in batch.moves:
        minutes[move.recorded_us // MINUTE_US, move.before] -= 1
        minutes[move.recorded_us // MINUTE_US, move.after] += 1
    totals: Counter[int] = Counter()
    for (_, audience), events in minutes.items():
        totals[audience] += events
    _add_minutes(connection, minutes)
    _add_totals(connection, totals)


def count_events(connection: Connection, audience: int) -> int:
    """Return how many events an audience sees."""
    (events,) = connection.execute(
        "SELECT COALESCE(SUM(events), 0) FROM event_counts WHERE audience <= ?", (audience,)
    ).fetchone()
    return int(events)


def last_minute(connection: Connection, audience: int) -> int | None:
    """Return the minute (since 1970) of the last event that an audience sees."""
    row = connection.execute(
        "SELECT minute FROM activity WHERE audience <= ? AND events > 0 ORDER BY minute DESC LIMIT 1", (audience,)
    ).fetchone()
    return None if row is None else int(row[0])


def list_minutes(connection: Connection, audience: int, last_minute: int, minutes: int) -> list[tuple[int, int]]:
    """Return (minute since 1970, events) of the last minutes in which an audience sees any, oldest first."""
    return connection.execute(
        """
        SELECT minute, SUM(events)
        FROM activity
        WHERE minute > ? AND minute <= ? AND audience <= ?
        GROUP BY minute
        ORDER BY minute
        """,
        (last_minute - minutes, last_minute, audience),
    ).fetchall()


def _add_minutes(connection: Connection, minutes: Counter[tuple[int, int]]) -> None:
    connection.executemany(
        """
        INSERT INTO activity (minute, audience, events)
        VALUES (?, ?, ?)
        ON CONFLICT (minute, audience) DO UPDATE SET events = activity.events + excluded.events
        """,
        [(*key, events) for key, events in minutes.items()],
    )


def _add_totals(connection: Connection, totals: Counter[int]) -> None:
    connection.executemany(
        """
        INSERT INTO event_counts (audience, events)
        VALUES (?, ?)
        ON CONFLICT (audience) DO UPDATE SET events = event_counts.events + excluded.events
        """,
        list(totals.items()),
    )

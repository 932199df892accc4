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
)


def apply(connection: Connection, batch: Batch) -> None:
    """Count new events, and those that another audience sees from now on."""
    minutes: Counter[tuple[int, int]] = Counter()
    for entry in batch.entries:
        minutes[entry.recorded_us // MINUTE_US, entry.audience] += 1
    for move in batch.moves:
        minutes[move.recorded_us // MINUTE_US, move.before] -= 1
        minutes[move.recorded_us // MINUTE_US, move.after] += 1
    _add_minutes(connection, minutes)


def list_minutes(connection: Connection, audience: int, first: int, last: int) -> list[tuple[int, int]]:
    """Return (minute since 1970, events) of the minutes from first to last in which an audience sees any."""
    return connection.execute(
        """
        SELECT minute, SUM(events)
        FROM activity
        WHERE minute >= ? AND minute <= ? AND audience <= ?
        GROUP BY minute
        """,
        (first, last, audience),
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

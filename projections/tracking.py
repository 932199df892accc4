"""How far the read models have come: one row, moved in the same transaction as what it speaks of."""

from projections.database import Connection

TABLES = (
    """
    CREATE TABLE tracking (
      application_name TEXT PRIMARY KEY,
      notification_id INTEGER NOT NULL
    ) STRICT
    """,
)

_NAME = "views"


class OvertakenError(Exception):
    """Somebody else has moved the read models on meanwhile."""


def start(connection: Connection) -> None:
    """Say that nothing has been applied yet."""
    connection.execute("INSERT INTO tracking (application_name, notification_id) VALUES (?, 0)", (_NAME,))


def read_position(connection: Connection) -> int:
    """Return how far the read models have come."""
    (position,) = connection.execute(
        "SELECT notification_id FROM tracking WHERE application_name = ?", (_NAME,)
    ).fetchone()
    return int(position)


def move(connection: Connection, before: int, after: int) -> None:
    """Move on from one position to another. Raises OvertakenError where it is no longer at the first."""
    moved = connection.execute(
        "UPDATE tracking SET notification_id = ? WHERE application_name = ? AND notification_id = ?",
        (after, _NAME, before),
    )
    if moved.rowcount != 1:
        raise OvertakenError(f"the read models are no longer at position {before}")

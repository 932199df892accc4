"""How far the read models have come: one row, moved in the same transaction as what it speaks of."""

from typing import NamedTuple

from projections.database import Connection

TABLES = (
    """
    CREATE TABLE tracking (
      application_name TEXT PRIMARY KEY,
      notification_id INTEGER NOT NULL
    ) STRICT
    """,
    # While read models are built claim by claim, and at no other time: up to which position, and the last event done.
    """
    CREATE TABLE building (
      head INTEGER NOT NULL,
      claim_id TEXT NOT NULL,
      version INTEGER NOT NULL,
      position INTEGER NOT NULL,
      events INTEGER NOT NULL
    ) STRICT
    """,
    # Up to which erasure nothing of what was erased is left in any file; without a row none is done.
    """
    CREATE TABLE scrubbed (
      position INTEGER NOT NULL
    ) STRICT
    """,
)

_NAME = "views"


class Built(NamedTuple):
    """How far read models are built, up to which head: the last event done, and how many are."""

    head: int
    claim_id: str = ""
    version: int = 0
    position: int = 0
    events: int = 0


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


def read_scrubbed(connection: Connection) -> int:
    """Return up to which position erasures are done: what they erased is in no file any more."""
    (position,) = connection.execute("SELECT COALESCE(MAX(position), 0) FROM scrubbed").fetchone()
    return int(position)


def note_scrubbed(connection: Connection, position: int) -> None:
    """Keep up to which position erasures are done."""
    connection.execute("DELETE FROM scrubbed")
    connection.execute("INSERT INTO scrubbed (position) VALUES (?)", (position,))


def move(connection: Connection, before: int, after: int) -> None:
    """Move on from one position to another. Raises OvertakenError where it is no longer at the first."""
    moved = connection.execute(
        "UPDATE tracking SET notification_id = ? WHERE application_name = ? AND notification_id = ?",
        (after, _NAME, before),
    )
    if moved.rowcount != 1:
        raise OvertakenError(f"the read models are no longer at position {before}")


def read_built(connection: Connection) -> Built | None:
    """Return how far the read models are built, None where that is over or was never begun."""
    row = connection.execute("SELECT head, claim_id, version, position, events FROM building").fetchone()
    return None if row is None else Built(*row)


def note_built(connection: Connection, built: Built | None) -> None:
    """Keep how far the read models are built; None: that is over."""
    connection.execute("DELETE FROM building")
    if built is not None:
        connection.execute(
            "INSERT INTO building (head, claim_id, version, position, events) VALUES (?, ?, ?, ?, ?)", built
        )

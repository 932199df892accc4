"""The embargoes that still hold, in the order in which they end."""

from typing import NamedTuple

from domain.events import target_of
from domain.fold import ClaimFold
from projections.batch import Batch
from projections.database import Connection
from projections.tracking import read_position

TABLES = (
    """
    CREATE TABLE embargoes (
      position INTEGER PRIMARY KEY,
      claim_id TEXT NOT NULL,
      event_id TEXT NOT NULL,
      until_us INTEGER NOT NULL
    ) STRICT
    """,
    "CREATE INDEX embargoes_by_end ON embargoes (until_us)",
)


class Embargo(NamedTuple):
    """An event that only staff may read until an instant."""

    claim_id: str
    event_id: str
    until_us: int


def apply(connection: Connection, batch: Batch) -> None:
    """Note the embargoes of new events, and of those that others reclassify or erase."""
    for entry in batch.entries:
        claim_id, target = entry.event.claim_id or "", target_of(entry.event)
        for event_id in (entry.event.event_id, target):
            # Public at once and never reclassified: what most events are.
            if event_id is not None and (entry.audience or event_id == target):
                _note(connection, claim_id, batch.folds[claim_id], event_id)


def next_end(connection: Connection) -> int | None:
    """Return when the next embargo ends, in microseconds since 1970; None where there is none."""
    row = connection.execute("SELECT until_us FROM embargoes ORDER BY until_us LIMIT 1").fetchone()
    return None if row is None else int(row[0])


def list_ended(connection: Connection, now_us: int, limit: int) -> list[Embargo]:
    """Return embargoes that have ended, in the order in which they did.

    Not those of a claim with events that are not applied yet: one of them may have prolonged the embargo.
    """
    rows = connection.execute(
        """
        SELECT e.claim_id, e.event_id, e.until_us
        FROM embargoes e
        WHERE e.until_us <= ?
          AND ? >= (
            SELECT s.position
            FROM ledger.stored_events s
            WHERE s.originator_id = e.claim_id
            ORDER BY s.originator_version DESC
            LIMIT 1
          )
        ORDER BY e.until_us, e.position
        LIMIT ?
        """,
        (now_us, read_position(connection), limit),
    ).fetchall()
    return [Embargo(*row) for row in rows]


def _note(connection: Connection, claim_id: str, fold: ClaimFold, event_id: str) -> None:
    position, until_us = fold.fact_of(event_id).position, fold.embargo_of(event_id)
    connection.execute("DELETE FROM embargoes WHERE position = ?", (position,))
    if until_us is not None:
        connection.execute(
            "INSERT INTO embargoes (position, claim_id, event_id, until_us) VALUES (?, ?, ?, ?)",
            (position, claim_id, event_id, until_us),
        )

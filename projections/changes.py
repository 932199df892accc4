"""When claims came to stand otherwise, as the public sees it: what the feed tells."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple
from uuid import UUID

from domain.audience import PUBLIC
from domain.reader import Outline
from projections.batch import Batch
from projections.database import Connection

TABLES = (
    """
    CREATE TABLE changes (
      position INTEGER PRIMARY KEY,
      claim_id TEXT NOT NULL,
      status TEXT NOT NULL,
      contested INTEGER NOT NULL,
      former_status TEXT,
      former_contested INTEGER
    ) STRICT
    """,
    "CREATE INDEX changes_by_claim ON changes (claim_id, position)",
)

Row = tuple[int, str, str, bool, str | None, bool | None]


class Change(NamedTuple):
    """An event that changed a standing, or began a claim: what was before is None then. `item` is of now."""

    event_id: str
    claim_id: str
    recorded_us: int
    status: str
    contested: bool
    former_status: str | None
    former_contested: bool | None
    item: bytes


def apply(connection: Connection, batch: Batch) -> None:
    """Add what new events change, and write anew the claims whose past has changed."""
    connection.executemany("DELETE FROM changes WHERE claim_id = ?", [(claim_id,) for claim_id in batch.reread])
    rows: list[Row] = []
    for claim_id in batch.reread:
        fold = batch.folds[claim_id]
        if any(run.first == PUBLIC for run in fold.runs()):
            rows += _changes(claim_id, None, fold.outlines(PUBLIC))
    steps = [each for each in batch.steps if each.run.first == PUBLIC and each.claim_id not in batch.reread]
    for claim_id, _, outline, former in steps:
        rows += _changes(claim_id, former and (former.status, former.contested), [outline])
    connection.executemany("INSERT INTO changes VALUES (?, ?, ?, ?, ?, ?)", rows)


def list_latest(connection: Connection, limit: int) -> list[Change]:
    """Return the last changes that the public sees, the newest first."""
    rows = connection.execute(
        """
        SELECT e.event_id, h.claim_id, e.recorded_us, h.status, h.contested, h.former_status, h.former_contested, c.item
        FROM changes h
        JOIN ledger.stored_events e ON e.position = h.position
        JOIN claims c ON c.claim_id = h.claim_id AND c.first_audience = ?
        WHERE h.position > 0
        ORDER BY h.position DESC
        LIMIT ?
        """,
        (PUBLIC, limit),
    ).fetchall()
    return [Change(str(UUID(bytes=event_id)), *others) for event_id, *others in rows]


def _changes(claim_id: str, former: tuple[str, bool] | None, outlines: Iterable[Outline]) -> Iterator[Row]:
    for outline in outlines:
        stands = (outline.status, outline.contested)
        if stands != former:
            status, contested = former or (None, None)
            yield outline.position, claim_id, *stands, status, contested
        former = stands

"""In which claims somebody speaks, and which outlets report them: what lists can be narrowed to."""

from collections.abc import Iterator

from domain.events import target_of
from domain.fold import ClaimFold
from projections.batch import Batch, Entry
from projections.database import Connection

TABLES = (
    """
    CREATE TABLE claim_names (
      claim_id TEXT NOT NULL,
      first_audience INTEGER NOT NULL,
      last_audience INTEGER NOT NULL,
      kind TEXT NOT NULL,
      name TEXT NOT NULL,
      PRIMARY KEY (claim_id, first_audience, kind, name)
    ) STRICT, WITHOUT ROWID
    """,
)

INDEXES = ("CREATE INDEX claim_names_by_name ON claim_names (name, kind, last_audience)",)

Row = tuple[str, int, int, str, str | None]


def apply(connection: Connection, batch: Batch) -> None:
    """Add the names in new events; take anew those of claims in which something may no longer count."""
    again = batch.reread | {entry.event.claim_id or "" for entry in batch.entries if target_of(entry.event)}
    connection.executemany("DELETE FROM claim_names WHERE claim_id = ?", [(claim_id,) for claim_id in again])
    # Of a claim that begins here there are none yet: all at once is less than one by one.
    whole = again | {entry.event.claim_id or "" for entry in batch.entries if entry.event.claim_version == 1}
    rows = [row for claim_id in whole for row in _of_claim(claim_id, batch.folds[claim_id])]
    for entry in batch.entries:
        claim_id = entry.event.claim_id or ""
        if claim_id not in whole:
            rows += _of_entry(claim_id, batch.folds[claim_id], entry)
    connection.executemany(
        """
        INSERT INTO claim_names (claim_id, first_audience, last_audience, kind, name)
        VALUES (?, ?, ?, ?, ?)
        ON CONFLICT DO NOTHING
        """,
        rows,
    )


def _of_claim(claim_id: str, fold: ClaimFold) -> Iterator[Row]:
    for run in fold.runs():
        for kind, name in fold.names(run.first):
            yield claim_id, run.first, run.last, kind, name


def _of_entry(claim_id: str, fold: ClaimFold, entry: Entry) -> Iterator[Row]:
    for kind, name in fold.fact_of(entry.event.event_id or "").names:
        for run in fold.runs():
            if run.first >= entry.audience:
                yield claim_id, run.first, run.last, kind, name

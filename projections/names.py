"""In which claims somebody speaks, and which outlets report them: what lists can be narrowed to."""

from collections.abc import Iterable

from domain.events import target_of
from domain.facts import Name
from domain.fold import Run
from projections.batch import Batch
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


def apply(connection: Connection, batch: Batch) -> None:
    """Add the names in new events; take anew those of claims in which something may no longer count."""
    again = batch.reread | {entry.event.claim_id or "" for entry in batch.entries if target_of(entry.event)}
    for claim_id in again:
        connection.execute("DELETE FROM claim_names WHERE claim_id = ?", (claim_id,))
        fold = batch.folds[claim_id]
        for run in fold.runs():
            _insert(connection, claim_id, run, fold.names(run.first))
    for entry in batch.entries:
        claim_id = entry.event.claim_id or ""
        if claim_id not in again:
            fold = batch.folds[claim_id]
            names = fold.fact_of(entry.event.event_id or "").names
            for run in fold.runs() if names else ():
                if run.first >= entry.audience:
                    _insert(connection, claim_id, run, names)


def _insert(connection: Connection, claim_id: str, run: Run, names: Iterable[Name]) -> None:
    connection.executemany(
        """
        INSERT INTO claim_names (claim_id, first_audience, last_audience, kind, name)
        VALUES (?, ?, ?, ?, ?)
        ON CONFLICT DO NOTHING
        """,
        [(claim_id, run.first, run.last, kind, name) for kind, name in sorted(names)],
    )

"""Where each claim stood at every position of the ledger: what lists filter by, with its interval.

Who may read what is as of now: when an event changes its readers, or is erased, its claim's rows are
written anew. A row is open until the next one of the same readers: it ends at OPEN.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from domain.fold import Run
from domain.reader import Outline
from projections.batch import Batch, Step
from projections.database import Connection

OPEN = 2**62
"""The end of an interval that has not ended."""

BLOCK = 4096
"""How many positions share one row of counts."""

TABLES = (
    """
    CREATE TABLE timeline (
      claim_id TEXT NOT NULL,
      first_audience INTEGER NOT NULL,
      last_audience INTEGER NOT NULL,
      position INTEGER NOT NULL,
      until_position INTEGER NOT NULL,
      created_position INTEGER NOT NULL,
      status TEXT NOT NULL,
      contested INTEGER NOT NULL,
      PRIMARY KEY (claim_id, first_audience, position)
    ) STRICT
    """,
    """
    CREATE TABLE timeline_tags (
      claim_id TEXT NOT NULL,
      first_audience INTEGER NOT NULL,
      position INTEGER NOT NULL,
      tag TEXT NOT NULL,
      PRIMARY KEY (claim_id, first_audience, position, tag)
    ) STRICT, WITHOUT ROWID
    """,
    # How many claims came to stand so, less how many ceased to, within each block of positions.
    """
    CREATE TABLE status_blocks (
      audience INTEGER NOT NULL,
      status TEXT NOT NULL,
      contested INTEGER NOT NULL,
      block INTEGER NOT NULL,
      claims INTEGER NOT NULL,
      PRIMARY KEY (audience, status, contested, block)
    ) STRICT, WITHOUT ROWID
    """,
)

# Each with what tells whether a row was the last one at a position: those that were not are passed over in the index.
INDEXES = (
    "CREATE INDEX timeline_changed ON timeline (position, until_position)",
    "CREATE INDEX timeline_created ON timeline (created_position, until_position, position)",
    f"CREATE INDEX timeline_ended ON timeline (until_position) WHERE until_position < {OPEN}",
    "CREATE INDEX timeline_by_status ON timeline (status, position, until_position)",
    "CREATE INDEX timeline_by_status_created ON timeline (status, created_position, until_position, position)",
    "CREATE INDEX timeline_by_status_claim ON timeline (status, claim_id, until_position, position)",
    "CREATE INDEX timeline_contested ON timeline (position, until_position) WHERE contested = 1",
    "CREATE INDEX timeline_tags_by_tag ON timeline_tags (tag, position)",
)

Changes = Counter[tuple[Run, str, bool, int]]
Readings = dict[tuple[str, Run], list[Step]]


class Row(NamedTuple):
    """A claim over one interval of positions, for a run of audiences."""

    claim_id: str
    first: int
    last: int
    position: int
    until: int
    created: int
    status: str
    contested: bool


def apply(connection: Connection, batch: Batch) -> None:
    """Add a row for each event that a reading sees, and write anew what has other readers than before."""
    changes: Changes = Counter()
    rows: list[tuple[Row, Outline]] = []
    for claim_id in batch.reread:
        _remove_claim(connection, claim_id, changes)
        fold = batch.folds[claim_id]
        for run in fold.runs():
            rows.extend(_intervals(claim_id, run, fold.outlines(run.first)))
    readings = _readings(batch)
    _end_rows(connection, readings, changes)
    for (claim_id, run), steps in readings.items():
        rows.extend(_intervals(claim_id, run, (step.outline for step in steps)))
    _insert(connection, rows, changes)
    _add_changes(connection, changes)


def count_claims(connection: Connection, audience: int, position: int) -> Counter[tuple[str, bool]]:
    """Return how many claims stood how (status, contested) at a position."""
    block = position // BLOCK
    counts: Counter[tuple[str, bool]] = Counter()
    for status, contested, claims in connection.execute(
        """
        SELECT status, contested, SUM(claims)
        FROM status_blocks
        WHERE audience = ? AND block < ?
        GROUP BY status, contested
        """,
        (audience, block),
    ).fetchall():
        counts[status, bool(contested)] += claims
    for column, sign in (("position", 1), ("until_position", -1)):
        for status, contested, claims in connection.execute(
            f"""
            SELECT status, contested, COUNT(*)
            FROM timeline
            WHERE {column} >= ? AND {column} <= ? AND {column} < {OPEN} AND first_audience <= ? AND last_audience >= ?
            GROUP BY status, contested
            """,
            (block * BLOCK, position, audience, audience),
        ).fetchall():
            counts[status, bool(contested)] += sign * claims
    return counts


def _readings(batch: Batch) -> Readings:
    """Return the new versions of each reading, in order."""
    readings: Readings = defaultdict(list)
    for step in batch.steps:
        if step.claim_id not in batch.reread:
            readings[step.claim_id, step.run].append(step)
    return readings


def _end_rows(connection: Connection, readings: Readings, changes: Changes) -> None:
    """End the last row of each reading where the first of its new ones begins."""
    ended = []
    for (claim_id, run), (step, *_) in readings.items():
        former, position = step.former, step.outline.position
        if former is not None:
            ended.append((position, claim_id, run.first, former.position))
            changes[run, former.status, former.contested, position // BLOCK] -= 1
    connection.executemany(
        "UPDATE timeline SET until_position = ? WHERE claim_id = ? AND first_audience = ? AND position = ?", ended
    )


def _intervals(claim_id: str, run: Run, outlines: Iterable[Outline]) -> Iterator[tuple[Row, Outline]]:
    before: Outline | None = None
    for outline in outlines:
        if before is not None:
            yield _row(claim_id, run, before, outline.position), before
        before = outline
    if before is not None:
        yield _row(claim_id, run, before, OPEN), before


def _row(claim_id: str, run: Run, outline: Outline, until: int) -> Row:
    return Row(
        claim_id,
        run.first,
        run.last,
        outline.position,
        until,
        outline.created_position,
        outline.status,
        outline.contested,
    )


def _insert(connection: Connection, rows: list[tuple[Row, Outline]], changes: Changes) -> None:
    connection.executemany(
        """
        INSERT INTO timeline
          (claim_id, first_audience, last_audience, position, until_position, created_position, status, contested)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        """,
        [row for row, _ in rows],
    )
    connection.executemany(
        "INSERT INTO timeline_tags (claim_id, first_audience, position, tag) VALUES (?, ?, ?, ?)",
        [(row.claim_id, row.first, row.position, tag) for row, outline in rows for tag in outline.tags],
    )
    for row, _ in rows:
        _note_row(changes, row, 1)


def _remove_claim(connection: Connection, claim_id: str, changes: Changes) -> None:
    rows = connection.execute(
        """
        SELECT claim_id, first_audience, last_audience, position, until_position, created_position, status, contested
        FROM timeline
        WHERE claim_id = ?
        """,
        (claim_id,),
    ).fetchall()
    for row in rows:
        _note_row(changes, Row(*row), -1)
    connection.execute("DELETE FROM timeline WHERE claim_id = ?", (claim_id,))
    connection.execute("DELETE FROM timeline_tags WHERE claim_id = ?", (claim_id,))


def _note_row(changes: Changes, row: Row, sign: int) -> None:
    run, status, contested = Run(row.first, row.last), row.status, bool(row.contested)
    changes[run, status, contested, row.position // BLOCK] += sign
    if row.until != OPEN:
        changes[run, status, contested, row.until // BLOCK] -= sign


def _add_changes(connection: Connection, noted: Changes) -> None:
    changes: Counter[tuple[int, str, bool, int]] = Counter()
    for (run, status, contested, block), change in noted.items():
        for audience in range(run.first, run.last + 1):
            changes[audience, status, contested, block] += change
    connection.executemany(
        """
        INSERT INTO status_blocks (audience, status, contested, block, claims)
        VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (audience, status, contested, block) DO UPDATE SET claims = status_blocks.claims + excluded.claims
        """,
        [(*key, change) for key, change in changes.items() if change],
    )
    # A count of nothing is not kept: the rows do not tell how the events came in batches.
    connection.executemany(
        "DELETE FROM status_blocks WHERE audience = ? AND status = ? AND contested = ? AND block = ? AND claims = 0",
        list(changes),
    )

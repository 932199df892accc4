"""Each long claim as it was at some of its versions: from there on, to look back costs a short fold.

Who may read what is as of now, as in the timeline: when an event changes its readers, or is erased, its
claim's snapshots are written anew.
"""

from collections.abc import Iterable, Iterator
from functools import partial
from uuid import UUID

from domain.facts import Fact, fact_of
from domain.fold import ClaimFold, Snapshot, corrected_fact
from domain.reader import NOW, Cut, Reader, Reading
from domain.snapshot import FORMAT, thaw
from projections.batch import Batch
from projections.database import Connection
from projections.ledger import event_of, read_one

EVERY = 100
"""How many versions lie between two snapshots, until a tenth of those before is more."""

TABLES = (
    # The format is named so that, like a column, another one has the read models made anew.
    f"""
    CREATE TABLE snapshots (
      claim_id TEXT NOT NULL,
      first_audience INTEGER NOT NULL,
      version INTEGER NOT NULL,
      position INTEGER NOT NULL,
      state BLOB NOT NULL, -- of format {FORMAT}
      PRIMARY KEY (claim_id, first_audience, version)
    ) STRICT
    """,
)


def apply(connection: Connection, batch: Batch) -> None:
    """Write down the long claims that have come to their next version to be kept."""
    for claim_id in batch.reread:
        connection.execute("DELETE FROM snapshots WHERE claim_id = ?", (claim_id,))
    for claim_id, fold in batch.folds.items():
        if len(fold) >= EVERY:
            _write(connection, claim_id, fold)


def kept_versions(after: int, upto: int) -> Iterator[int]:
    """Yield the versions at which a claim is kept: what lies between follows from the number alone."""
    version = EVERY
    while version <= upto:
        if version > after:
            yield version
        version += max(EVERY, version // 10)


def reading_at(connection: Connection, claim_id: str, audience: int, cut: Cut) -> Reading | None:
    """Return what an audience read of a claim within a cut.

    Folds what came after the last snapshot that nothing since then reaches back behind. That may be all: of a
    short claim, where its first events were corrected since, and for an instant at which not all had occurred.
    """
    after, reader = 0, Reader()
    if cut.valid_us == NOW.valid_us:
        after, reader = _nearest(connection, claim_id, audience, cut.position)
    facts = _facts(connection, claim_id, audience, after, cut.position)
    erased = {fact.event_id for fact in facts if fact.is_erased} | _erased(connection, claim_id, after)
    reader.add_all(facts, erased, lambda fact, by: corrected_fact(fact, by, partial(read_one, connection)), cut)
    return reader.reading()


def _write(connection: Connection, claim_id: str, fold: ClaimFold) -> None:
    (last,) = connection.execute("SELECT MAX(version) FROM snapshots WHERE claim_id = ?", (claim_id,)).fetchone()
    versions = list(kept_versions(last or 0, len(fold)))
    if not versions:
        return
    kept = connection.execute(
        "SELECT first_audience, version, position, state FROM snapshots WHERE claim_id = ? AND version = ?",
        (claim_id, last),
    ).fetchall()
    connection.executemany(
        "INSERT INTO snapshots (claim_id, first_audience, version, position, state) VALUES (?, ?, ?, ?, ?)",
        ((claim_id, *snapshot) for snapshot in fold.snapshots(versions, map(Snapshot._make, kept))),
    )


def _nearest(connection: Connection, claim_id: str, audience: int, position: int) -> tuple[int, Reader]:
    """Return the version and the reader to go on from: at worst 0, and one that has seen nothing."""
    (first,) = connection.execute(
        "SELECT MAX(first_audience) FROM snapshots WHERE claim_id = ? AND first_audience <= ?", (claim_id, audience)
    ).fetchone()
    if first is None:
        return 0, Reader()
    kept = connection.execute(
        """
        SELECT version
        FROM snapshots
        WHERE claim_id = ? AND first_audience = ? AND position <= ?
        ORDER BY version DESC
        """,
        (claim_id, first, position),
    ).fetchall()
    version = _last_left_alone([version for (version,) in kept], _aims(connection, claim_id, position))
    row = connection.execute(
        "SELECT state FROM snapshots WHERE claim_id = ? AND first_audience = ? AND version = ?",
        (claim_id, first, version),
    ).fetchone()
    return (0, Reader()) if row is None else (version, thaw(row[0]))


def _last_left_alone(kept: Iterable[int], aims: Iterable[tuple[int, int]]) -> int:
    """Return the last of the kept versions that no later event reaches back behind, else 0; both from the last."""
    before = iter(kept)
    version = next(before, 0)
    for aiming, target in aims:
        if aiming <= version:
            break
        while target <= version:
            version = next(before, 0)
    return version


def _aims(connection: Connection, claim_id: str, position: int) -> Iterator[tuple[int, int]]:
    """Yield the versions of corrections and retractions, from the last, and of what they target."""
    for version, target in connection.execute(
        """
        SELECT version, target_event_id
        FROM marks
        WHERE claim_id = ? AND position <= ? AND type IN ('EventCorrected', 'EventRetracted')
        ORDER BY version DESC
        """,
        (claim_id, position),
    ).fetchall():
        (target_version,) = connection.execute(
            "SELECT originator_version FROM ledger.stored_events WHERE event_id = ?", (UUID(target).bytes,)
        ).fetchone()
        yield version, target_version


def _facts(connection: Connection, claim_id: str, audience: int, after: int, upto: int) -> list[Fact]:
    """Return what an audience sees of a claim after a version and up to a position."""
    rows = connection.execute(
        """
        SELECT e.position, e.state, e.tombstone
        FROM ledger.stored_events e
        LEFT JOIN restricted r ON r.position = e.position
        WHERE e.originator_id = ? AND e.originator_version > ? AND e.position <= ? AND COALESCE(r.audience, 0) <= ?
        ORDER BY e.originator_version
        """,
        (claim_id, after, upto, audience),
    ).fetchall()
    return [fact_of(event_of(state, tombstone), position) for position, state, tombstone in rows]


def _erased(connection: Connection, claim_id: str, after: int) -> set[str]:
    # At whatever time, not only up to the cut: what is erased counts as never said.
    rows = connection.execute(
        "SELECT target_event_id FROM marks WHERE claim_id = ? AND version > ? AND type = 'EventErased'",
        (claim_id, after),
    ).fetchall()
    return {target for (target,) in rows}

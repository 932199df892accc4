"""The history of each claim: who may read which event, and what was said about it later.

There is one copy of an event's bytes, the ledger's. Here stand positions and marks, for the few events
that are not public or that others are about.
"""

import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

from domain.correction import corrected
from domain.events import ClaimAssessed, Event, EventCorrected, EventErased, EventReclassified, Tombstone, target_of
from projections.batch import Batch
from projections.database import Connection
from projections.ledger import read_one
from projections.records import Record, list_claim

TABLES = (
    """
    CREATE TABLE restricted (
      position INTEGER PRIMARY KEY,
      audience INTEGER NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE marks (
      position INTEGER PRIMARY KEY,
      claim_id TEXT NOT NULL,
      version INTEGER NOT NULL,
      event_id TEXT NOT NULL,
      type TEXT NOT NULL,
      target_event_id TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX marks_by_claim ON marks (claim_id, version)",
    "CREATE INDEX marks_by_event ON marks (event_id)",
    "CREATE INDEX marks_by_target ON marks (target_event_id)",
)


_NOTHING_SAID_LATER = b',"effective":null,"corrected_by":[],"retracted_by":null,"superseded_by":null}'


class Marks(NamedTuple):
    """What was said about the events of a claim later, as one audience sees it; ids by id."""

    corrected_by: dict[str, list[str]]
    retracted_by: dict[str, str]
    superseded_by: dict[str, str]


def apply(connection: Connection, batch: Batch) -> None:
    """Note the events that are not for everyone, and those that are about others."""
    for entry in batch.entries:
        if entry.audience:
            _restrict(connection, entry.position, entry.audience)
        about = _about(entry.event)
        if about is not None:
            _mark(connection, entry.position, entry.event, about)
        if isinstance(entry.event, EventErased):
            # What an erased event said no longer applies; a retraction holds though its reason is gone.
            connection.execute(
                "DELETE FROM marks WHERE event_id = ? AND type <> 'EventRetracted'",
                (entry.event.data.target_event_id,),
            )
    for move in batch.moves:
        _restrict(connection, move.position, move.after)


def count_hidden(connection: Connection, audience: int, after: int, upto: int) -> int:
    """Return how many events after a position and up to another an audience may not read."""
    (hidden,) = connection.execute(
        "SELECT COUNT(*) FROM restricted WHERE audience > ? AND position > ? AND position <= ?",
        (audience, after, upto),
    ).fetchone()
    return int(hidden)


def list_history(
    connection: Connection, claim_id: str, audience: int, part: tuple[int, int], upto: int
) -> list[tuple[Record, bytes]]:
    """Return the records of a claim up to a position, each with its JSON in a history.

    `part` is (after which version, how many).
    """
    records = list_claim(connection, claim_id, audience, part, upto)
    marks = _read_marks(connection, claim_id, audience, part[0], upto)
    return [(record, _in_history(connection, record, marks)) for record in records]


def _restrict(connection: Connection, position: int, audience: int) -> None:
    connection.execute("DELETE FROM restricted WHERE position = ?", (position,))
    if audience:
        connection.execute("INSERT INTO restricted (position, audience) VALUES (?, ?)", (position, audience))


def _mark(connection: Connection, position: int, event: Event | Tombstone, target_event_id: str) -> None:
    connection.execute(
        """
        INSERT INTO marks (position, claim_id, version, event_id, type, target_event_id)
        VALUES (?, ?, ?, ?, ?, ?)
        """,
        (position, event.claim_id, event.claim_version, event.event_id, event.type, target_event_id),
    )


def _about(event: Event | Tombstone) -> str | None:
    """Return the event that this one corrects, retracts, erases or supersedes."""
    if isinstance(event, Tombstone):
        return event.target_event_id if event.type == "EventRetracted" else None
    if isinstance(event, ClaimAssessed):
        return event.data.supersedes_event_id
    return None if isinstance(event, EventReclassified) else target_of(event)


def _read_marks(connection: Connection, claim_id: str, audience: int, after: int, upto: int) -> Marks:
    rows = connection.execute(
        """
        SELECT m.event_id, m.type, m.target_event_id
        FROM marks m
        LEFT JOIN restricted r ON r.position = m.position
        WHERE m.claim_id = ? AND m.version > ? AND m.position <= ? AND COALESCE(r.audience, 0) <= ?
        ORDER BY m.version
        """,
        (claim_id, after, upto, audience),
    ).fetchall()
    retracted_by: dict[str, str] = {}
    # A retraction is later than its target, so from the last to the first each one's fate is known.
    for event_id, kind, target in reversed(rows):
        if kind == "EventRetracted" and event_id not in retracted_by:
            retracted_by[target] = event_id
    corrected_by: defaultdict[str, list[str]] = defaultdict(list)
    supersedes: dict[str, str | None] = {}
    for event_id, kind, target in rows:
        if kind == "EventCorrected" and event_id not in retracted_by:
            corrected_by[target].append(event_id)
        if kind == "ClaimAssessed":
            supersedes[event_id] = target
    for event_id, corrections in corrected_by.items():
        supersedes |= _supersession(connection, event_id, corrections)
    superseded_by = {target: by for by, target in supersedes.items() if target and by not in retracted_by}
    return Marks(corrected_by, retracted_by, superseded_by)


def _supersession(connection: Connection, event_id: str, corrections: Sequence[str]) -> dict[str, str | None]:
    """Return what an assessment supersedes once it is corrected, by its id; nothing for other events."""
    said = _corrected(connection, event_id, corrections)
    return {event_id: said.data.supersedes_event_id} if isinstance(said, ClaimAssessed) else {}


def _in_history(connection: Connection, record: Record, marks: Marks) -> bytes:
    if not any(marks):
        return record.body[:-1] + _NOTHING_SAID_LATER
    said_later = {
        "corrected_by": marks.corrected_by.get(record.event_id, []),
        "retracted_by": marks.retracted_by.get(record.event_id),
        "superseded_by": marks.superseded_by.get(record.event_id),
    }
    effective: Any = None  # Any: the members of an event, as JSON
    if said_later["corrected_by"] and record.state is not None:
        effective = _effective(connection, record.event_id, marks.corrected_by[record.event_id])
    members = json.dumps({"effective": effective, **said_later}, ensure_ascii=False, separators=(",", ":"))
    return record.body[:-1] + b"," + members[1:].encode()


def _effective(connection: Connection, event_id: str, corrections: Sequence[str]) -> dict[str, Any] | None:
    event = _corrected(connection, event_id, corrections)
    if event is None:
        return None
    said = event.model_dump(mode="json", exclude_none=True)
    return {name: said.get(name) for name in ("occurred_at", "occurred_basis", "occurred_text", "data")}


def _corrected(connection: Connection, event_id: str, corrections: Sequence[str]) -> Event | None:
    """Return an event as corrections make it; None where it or all of them were erased.

    The marks may still name what was erased a moment ago: the follower has yet to take them away.
    """
    target, *events = (read_one(connection, each) for each in (event_id, *corrections))
    patches = [event.data.patch for event in events if isinstance(event, EventCorrected)]
    return corrected(target, patches) if patches and not isinstance(target, Tombstone) else None

"""Links between claims, as each audience sees them: shown to those who see both claims."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from domain.events import ClaimLinked, EventErased
from domain.facts import fact_of
from domain.fold import corrected_fact
from domain.reader import Cut, LinkReading, Reader
from projections.batch import Entry
from projections.database import Connection, one_of
from projections.ledger import event_of, read_one
from projections.records import list_claim
from projections.spans import Span

TABLES = (
    """
    CREATE TABLE claim_links (
      claim_id TEXT NOT NULL,
      event_id TEXT NOT NULL,
      first_audience INTEGER NOT NULL,
      last_audience INTEGER NOT NULL,
      target_claim_id TEXT NOT NULL,
      relation TEXT NOT NULL,
      state TEXT NOT NULL,
      PRIMARY KEY (claim_id, event_id, first_audience)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX claim_links_by_target ON claim_links (target_claim_id)",
    # Every event that ever made a link: who looks back asks them how it was.
    """
    CREATE TABLE link_events (
      position INTEGER PRIMARY KEY,
      event_id TEXT NOT NULL,
      claim_id TEXT NOT NULL,
      target_claim_id TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX link_events_by_claim ON link_events (claim_id)",
    "CREATE INDEX link_events_by_target ON link_events (target_claim_id)",
)

_SELECT_ENDS = "SELECT claim_id, target_claim_id FROM claim_links WHERE {} IN ({})"
# A link is shown where the audience sees both of its claims.
_SELECT_LINKS = """
    SELECT l.event_id, 'out', l.target_claim_id, l.relation, l.state
    FROM claim_links l
    JOIN claims c ON c.claim_id = l.target_claim_id AND ? BETWEEN c.first_audience AND c.last_audience
    WHERE l.claim_id = ? AND ? BETWEEN l.first_audience AND l.last_audience
    UNION ALL
    SELECT l.event_id, 'in', l.claim_id, l.relation, l.state
    FROM claim_links l
    JOIN claims c ON c.claim_id = l.claim_id AND ? BETWEEN c.first_audience AND c.last_audience
    WHERE l.target_claim_id = ? AND ? BETWEEN l.first_audience AND l.last_audience
    ORDER BY 1
"""


def ends_of(connection: Connection, claim_ids: Iterable[str]) -> set[str]:
    """Return the claims at both ends of every link that these claims make, or that is made to them."""
    found: set[str] = set()
    marks, parameters = one_of(list(claim_ids))
    for column in ("claim_id", "target_claim_id"):
        for ends in connection.execute(_SELECT_ENDS.format(column, marks), parameters).fetchall():
            found.update(ends)
    return found


def note_links(connection: Connection, entries: Iterable[Entry]) -> None:
    """Note the new events that link claims, and forget those that are erased."""
    for entry in entries:
        event = entry.event
        if isinstance(event, ClaimLinked):
            connection.execute(
                "INSERT INTO link_events (position, event_id, claim_id, target_claim_id) VALUES (?, ?, ?, ?)",
                (entry.position, event.event_id, event.claim_id, event.data.target_claim_id),
            )
        if isinstance(event, EventErased):
            connection.execute(
                "DELETE FROM link_events WHERE claim_id = ? AND event_id = ?",
                (event.claim_id, event.data.target_event_id),
            )


def replace_links(connection: Connection, claim_ids: Iterable[str], readings: Mapping[str, Iterable[Span]]) -> None:
    """Write the links in readings, by their claims, in place of those that some claims made."""
    connection.executemany("DELETE FROM claim_links WHERE claim_id = ?", [(claim_id,) for claim_id in claim_ids])
    connection.executemany(
        "INSERT INTO claim_links VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (claim_id, link.event_id, span.first, span.last, link.claim_id, link.relation, link.state)
            for claim_id, spans in readings.items()
            for span in spans
            for link in span.reading.links
        ],
    )


def links_json(connection: Connection, claim_id: str, audience: int) -> bytes:
    """Return the links of a claim, out of it and into it, as one audience sees them."""
    parameters = (audience, claim_id, audience, audience, claim_id, audience)
    rows = connection.execute(_SELECT_LINKS, parameters).fetchall()
    return _encode(rows)


def links_json_at(connection: Connection, claim_id: str, audience: int, cut: Cut) -> bytes:
    """Return the links of a claim as an audience saw them within a cut. Folds the events about links alone."""
    rows = []
    for source, event_ids in _linking(connection, claim_id, cut.position).items():
        for link in _read_links(connection, event_ids, audience, cut):
            # Who sees an event that makes a link sees the claim that makes it.
            if source != claim_id and link.claim_id == claim_id:
                rows.append((link.event_id, "in", source, link.relation, link.state))
            elif source == claim_id and list_claim(connection, link.claim_id, audience, (0, 1), cut.position):
                rows.append((link.event_id, "out", link.claim_id, link.relation, link.state))
    return _encode(sorted(rows))


def _linking(connection: Connection, claim_id: str, upto: int) -> dict[str, list[str]]:
    """Return the events up to a position that link a claim to others or others to it, by the claim that they are of."""
    found: dict[str, list[str]] = {}
    for source, event_id in connection.execute(
        """
        SELECT claim_id, event_id
        FROM link_events
        WHERE (claim_id = ? OR target_claim_id = ?) AND position <= ?
        """,
        (claim_id, claim_id, upto),
    ).fetchall():
        found.setdefault(source, []).append(event_id)
    return found


def _read_links(connection: Connection, event_ids: Iterable[str], audience: int, cut: Cut) -> Sequence[LinkReading]:
    """Return the links that hold of those that these events of one claim make, as far as an audience sees them."""
    rows = [row for event_id in event_ids for row in _with_what_is_about(connection, event_id, audience, cut.position)]
    facts = [fact_of(event_of(state, tombstone), position) for position, state, tombstone in rows]
    reader = Reader()
    erased = {fact.event_id for fact in facts if fact.is_erased}
    reader.add_all(facts, erased, lambda fact, by: corrected_fact(fact, by, partial(read_one, connection)), cut)
    reading = reader.reading()
    return () if reading is None else reading.links


def _with_what_is_about(connection: Connection, event_id: str, audience: int, upto: int) -> Iterator[Any]:
    """Yield an event, what corrects or retracts it, and what retracts that: (position, state, tombstone)."""
    # Any: rows of whichever driver
    yield from connection.execute(
        """
        SELECT e.position, e.state, e.tombstone
        FROM ledger.stored_events e
        LEFT JOIN restricted r ON r.position = e.position
        WHERE e.event_id = ? AND COALESCE(r.audience, 0) <= ?
        """,
        (UUID(event_id).bytes, audience),
    ).fetchall()
    for (about,) in connection.execute(
        """
        SELECT event_id
        FROM marks
        WHERE target_event_id = ? AND type IN ('EventCorrected', 'EventRetracted') AND position <= ?
        """,
        (event_id, upto),
    ).fetchall():
        yield from _with_what_is_about(connection, about, audience, upto)


def _encode(rows: Iterable[tuple[str, str, str, str, str]]) -> bytes:
    links = [
        {"event_id": event_id, "direction": direction, "claim_id": other, "relation": relation, "state": state}
        for event_id, direction, other, relation, state in rows
    ]
    return json.dumps(links, separators=(",", ":")).encode()

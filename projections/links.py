"""Links between claims, as each audience sees them: shown to those who see both claims."""

import json
from collections.abc import Iterable, Mapping

from domain.events import ClaimLinked, Event, Tombstone
from projections.database import Connection, one_of
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
    # Which claims were ever linked, in both directions: who looks back asks them how it was.
    """
    CREATE TABLE claim_neighbours (
      claim_id TEXT NOT NULL,
      other_claim_id TEXT NOT NULL,
      PRIMARY KEY (claim_id, other_claim_id)
    ) STRICT, WITHOUT ROWID
    """,
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


def neighbours_ever(connection: Connection, claim_id: str) -> list[str]:
    """Return the claims that this one was ever linked to or from, in order."""
    rows = connection.execute(
        "SELECT other_claim_id FROM claim_neighbours WHERE claim_id = ? ORDER BY other_claim_id", (claim_id,)
    ).fetchall()
    return [row[0] for row in rows]


def note_links(connection: Connection, events: Iterable[Event | Tombstone]) -> None:
    """Note the claims that new events link."""
    pairs = [(e.claim_id, e.data.target_claim_id) for e in events if isinstance(e, ClaimLinked)]
    connection.executemany(
        "INSERT INTO claim_neighbours (claim_id, other_claim_id) VALUES (?, ?) ON CONFLICT DO NOTHING",
        [pair for one, other in pairs for pair in ((one, other), (other, one))],
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
    links = [
        {"event_id": event_id, "direction": direction, "claim_id": other, "relation": relation, "state": state}
        for event_id, direction, other, relation, state in rows
    ]
    return json.dumps(links, separators=(",", ":")).encode()

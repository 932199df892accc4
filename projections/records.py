"""Events as they are read: the stored bytes verbatim, with their position and digest."""

import json
from typing import Any, NamedTuple
from uuid import UUID

from projections.database import Connection

# What a page of records is made of; `restricted` names the audience of the few events that not everyone sees.
_SELECT = """
    SELECT e.position, e.originator_version, e.event_id, e.event_sha256, e.state, e.tombstone
    FROM ledger.stored_events e
    LEFT JOIN restricted r ON r.position = e.position
    WHERE COALESCE(r.audience, 0) <= ? AND e.position <= ?
"""
# Who may not read an erasure is not told its id.
_SELECT_ERASURE = """
    SELECT m.event_id
    FROM marks m
    LEFT JOIN restricted r ON r.position = m.position
    WHERE m.type = 'EventErased' AND m.target_event_id = ? AND COALESCE(r.audience, 0) <= ?
"""


class Record(NamedTuple):
    """One event as it is read: a ready JSON object; `state` is None once it is erased."""

    position: int
    version: int
    event_id_bytes: bytes
    state: bytes | None
    body: bytes

    @property
    def event_id(self) -> str:
        """The event's id, as text: only a few readers need it, and making it costs as much as all the rest."""
        return str(UUID(bytes=self.event_id_bytes))


def list_ledger(connection: Connection, audience: int, after: int, limit: int, upto: int) -> list[Record]:
    """Return the records after a position and up to another, in the order of the ledger."""
    sql = f"{_SELECT} AND e.position > ? ORDER BY e.position LIMIT ?"
    return _records(connection, sql, audience, upto, after, limit)


def list_latest(connection: Connection, audience: int, limit: int, upto: int) -> list[Record]:
    """Return the last records up to a position, the newest first."""
    return _records(connection, f"{_SELECT} ORDER BY e.position DESC LIMIT ?", audience, upto, limit)


def list_claim(connection: Connection, claim_id: str, audience: int, part: tuple[int, int], upto: int) -> list[Record]:
    """Return the records of a claim, in order; `part` is (after which version, how many)."""
    sql = f"{_SELECT} AND e.originator_id = ? AND e.originator_version > ? ORDER BY e.originator_version LIMIT ?"
    return _records(connection, sql, audience, upto, claim_id, *part)


def recorded_us(connection: Connection, position: int) -> int:
    """Return when the event at a position was recorded."""
    (instant_us,) = connection.execute(
        "SELECT recorded_us FROM ledger.stored_events WHERE position = ?", (position,)
    ).fetchone()
    return int(instant_us)


def get_record(connection: Connection, event_id: str, audience: int, upto: int) -> Record | None:
    """Return the record of one event, None where the audience sees none."""
    found = _records(connection, f"{_SELECT} AND e.event_id = ?", audience, upto, UUID(event_id).bytes)
    return found[0] if found else None


def _records(connection: Connection, sql: str, audience: int, *others: Any) -> list[Record]:  # Any: of whichever type
    rows = connection.execute(sql, (audience, *others)).fetchall()
    return [_record(connection, row, audience) for row in rows]


def _record(
    connection: Connection, row: tuple[int, int, bytes, bytes, bytes | None, str | None], audience: int
) -> Record:
    position, version, id_bytes, digest, state, tombstone = row
    head = b'{"position":%d,"event_sha256":"%b","event":' % (position, digest.hex().encode())
    if tombstone is None and state is not None:
        return Record(position, version, id_bytes, state, head + state + b',"erased":null}')
    left = _what_is_left(connection, str(UUID(bytes=id_bytes)), json.loads(tombstone or "{}"), audience)
    return Record(position, version, id_bytes, None, head + b'null,"erased":' + left + b"}")


def _what_is_left(connection: Connection, event_id: str, tombstone: dict[str, Any], audience: int) -> bytes:
    (by,) = connection.execute(_SELECT_ERASURE, (event_id, audience)).fetchone() or (None,)
    names = ("event_id", "claim_id", "claim_version", "type", "recorded_at", "target_event_id")
    return json.dumps({"by": by, **{name: tombstone.get(name) for name in names}}, separators=(",", ":")).encode()

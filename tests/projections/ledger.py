"""A ledger of the real schema with read models beside it, in memory."""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any
from uuid import UUID
from weakref import finalize

from domain.encoding import canonical_json
from domain.events import Event, Tombstone, encode_tombstone, tombstone_of
from domain.fold import ClaimFold
from domain.times import parse_instant
from projections.follower import Follower
from projections.tracking import read_position
from tests.domain.folding import to_event
from tests.projections.engines import Connection, engine

Stored = Mapping[str, Any]
Rows = dict[str, list[tuple[Any, ...]]]


class Ledger:
    """Stored events, and the read models of one follower."""

    def __init__(self, events: Iterable[Stored] = ()) -> None:
        self.connection = connect()
        finalize(self, self.connection.close)
        self.events: list[Event | Tombstone] = []
        for event in events:
            self.append(event)

    def append(self, event: Stored) -> bytes:
        """Store one event, or what is left of an erased one, and return its bytes; of what it erases they go."""
        state = canonical_json(dict(event))
        tombstone = None if event["data"] is not None else _tombstone(event)
        self.events.append(to_event(event))
        self.connection.execute(
            "INSERT INTO ledger.stored_events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                len(self.events),
                event["claim_id"],
                event["claim_version"],
                event["type"],
                state if tombstone is None else None,
                UUID(event["event_id"]).bytes,
                sha256(state).digest(),
                parse_instant(event["recorded_at"]),
                tombstone,
            ),
        )
        if event["type"] == "EventErased" and event["data"] is not None:
            self._erase(event["data"]["target_event_id"])
        return state

    def follow(self, **limits: Any) -> "Ledger":
        """Bring the read models up to date, event by event unless `build_from` says otherwise."""
        follower = Follower(self.connection, **limits)
        while follower.step() < len(self.events):
            pass
        return self

    @property
    def position(self) -> int:
        return read_position(self.connection)

    def rows(self) -> Rows:
        """Return every row of every table of the read models."""
        return all_rows(self.connection)

    def fold(self, claim_id: str) -> ClaimFold:
        """Return a claim folded at once, from all of its events."""
        events = {event.event_id or "": event for event in self.events if event.claim_id == claim_id}
        fold = ClaimFold(events.__getitem__)
        for position, event in enumerate(self.events, start=1):
            if event.claim_id == claim_id:
                fold.add(event, position)
        return fold

    def folds(self) -> dict[str, ClaimFold]:
        """Return every claim, folded at once."""
        return {claim_id: self.fold(claim_id) for claim_id in sorted({event.claim_id or "" for event in self.events})}

    def _erase(self, event_id: str) -> None:
        places = {event.event_id: place for place, event in enumerate(self.events)}
        event = self.events[places[event_id]]
        if not isinstance(event, Tombstone):
            self.events[places[event_id]] = left = tombstone_of(event)
            self.connection.execute(
                "UPDATE ledger.stored_events SET state = NULL, tombstone = ? WHERE position = ?",
                (encode_tombstone(left), places[event_id] + 1),
            )


def connect() -> Connection:
    """Return a connection to empty read models beside an empty ledger, on the engine under test."""
    return engine.connect()


def all_rows(connection: Connection) -> Rows:
    """Return every row of every table, sorted, so that two databases can be compared byte for byte."""
    names = _tables(connection)
    # How an index is cut into segments depends on the batches: what it finds must not.
    indexes = [name.removesuffix("_idx") for name in names if name.endswith("_texts_idx")]
    kept = [name for name in names if not name.endswith(("_texts_idx", "_texts_data"))]
    tables = {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in kept}
    tables |= {f"{name}_words": words_of(connection, name) for name in indexes}
    return {name: sorted(rows, key=repr) for name, rows in tables.items()}


def words_of(connection: Connection, name: str) -> list[tuple[Any, ...]]:
    """Return every word of a full-text index with its places, or every text with its words."""
    if not isinstance(connection, sqlite3.Connection):
        return list(connection.execute(f"SELECT position, terms FROM {name}").fetchall())
    connection.execute(f"CREATE VIRTUAL TABLE temp.words_of USING fts5vocab (main, {name}, instance)")
    found = connection.execute("SELECT * FROM words_of").fetchall()
    connection.execute("DROP TABLE temp.words_of")
    return found


def _tables(connection: Connection) -> list[str]:
    if isinstance(connection, sqlite3.Connection):
        sql = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
    else:
        sql = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename"
    return [name for (name,) in connection.execute(sql).fetchall()]


def _tombstone(event: Stored) -> str:
    names = ("event_id", "type", "claim_id", "claim_version", "recorded_at", "classification", "embargo_until")
    return json.dumps({**{name: event[name] for name in names}, "target_event_id": event.get("target_event_id")})

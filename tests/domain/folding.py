"""Folds stored events, given as dicts, in whatever order a test asks for."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from domain.events import Event, Tombstone, read_event
from domain.fold import ClaimFold
from domain.reader import Cut
from domain.standing import Standing
from domain.tally import FOREVER
from domain.times import parse_instant

Stored = Mapping[str, Any]


def to_event(stored: Stored) -> Event | Tombstone:
    if stored["data"] is not None:
        return read_event(json.dumps(stored).encode())
    names = ("event_id", "type", "claim_id", "claim_version", "recorded_at", "classification", "embargo_until")
    return Tombstone(**{name: stored[name] for name in names}, target_event_id=stored.get("target_event_id"))


def fold(events: Iterable[Stored], read_after_each: bool = False) -> ClaimFold:
    read = {stored["event_id"]: to_event(stored) for stored in events}
    claim = ClaimFold(read.__getitem__)
    for event in read.values():
        claim.add(event, event.claim_version or 0)
        if read_after_each:
            claim.reading(2)
    return claim


def standing(events: Iterable[Stored], audience: int = 2, **cuts: str) -> Standing | None:
    reading = fold(events).reading(audience, cut(**cuts))
    return None if reading is None else reading.standing


def cut(known_at: str | None = None, valid_at: str | None = None) -> Cut:
    return Cut(
        known_us=FOREVER if known_at is None else parse_instant(known_at),
        valid_us=FOREVER if valid_at is None else parse_instant(valid_at),
    )

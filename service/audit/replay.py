"""Replays a claim from its records, checks how they follow each other, and tells where it then stands."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from domain.audience import DESK
from domain.errors import UnknownSchemaVersionError
from domain.events import Event, EventErased, Tombstone
from domain.fold import ClaimFold
from domain.reader import Cut
from projections.rendering import render_item
from service.audit.findings import Findings, Kind, Violation
from service.audit.records import Logged

Json = dict[str, Any]  # Any: JSON
ReadEvent = Callable[[], Event | Tombstone]


class Replay:
    """One claim, its records taken in by their versions. What is read of it is all that its reader may read."""

    def __init__(
        self, claim_id: str, findings: Findings, is_hidden: Callable[[str, int], bool], *, is_complete: bool
    ) -> None:
        """`is_hidden` tells whether the log has a digest, of an event before a position, that cannot be read."""
        self._claim_id = claim_id
        self._findings = findings
        self._is_hidden = is_hidden
        self._is_complete = is_complete
        self._version, self._digests = 0, ("", "")
        self._readers: dict[str, ReadEvent] = {}
        self._erased: dict[str, int] = {}
        self._erasures: set[str] = set()
        self._fold = ClaimFold(self._read_event)
        self.taken: list[tuple[int, str, bool]] = []
        """Position, digest and whether it was erased, of every record that was taken in."""
        self.position = 0
        """Of the last record."""
        self.is_whole = True
        """Whether every record could be read."""

    def add(self, logged: Logged, read_event: ReadEvent) -> None:
        """Take in the next record; its event is read again where it is corrected."""
        try:
            event = read_event()
        except (ValueError, KeyError, TypeError, UnknownSchemaVersionError) as error:
            self.is_whole = False
            self._add("event", f"what no event is: {_first_line(error)}", "an event", logged.position)
        else:
            self._check_place(event, logged)
            self._check_previous(event, logged)
            self._note(event, logged, read_event)
            self._fold.add(event, logged.position)
        self._version, self.position, self._digests = logged.version, logged.position, logged.digests

    def check_erasures(self) -> None:
        """Check that what is shown as erased was erased on record: once all records are in."""
        # The event that erases may be for fewer readers than what it has erased.
        for event_id, position in self._erased.items() if self._is_complete else ():
            if event_id not in self._erasures:
                self._add("missing", "no bytes", "the bytes of an event that no EventErased names", position)

    def item(self, cut: Cut) -> bytes | None:
        """Return the claim as lists show it within a cut, None where its reader sees none. Raises KeyError.

        The KeyError is of an event that is to be corrected and cannot be read.
        """
        reading = self._fold.reading(DESK, cut)
        return None if reading is None else render_item(self._claim_id, reading)

    def _read_event(self, event_id: str) -> Event:
        event = self._readers[event_id]()
        if isinstance(event, Tombstone):
            raise KeyError(event_id)
        return event

    def _check_place(self, event: Event | Tombstone, logged: Logged) -> None:
        version, expected, position = logged.version, self._version + 1, logged.position
        if (event.claim_id, event.claim_version) != (self._claim_id, version):
            found = f"an event that says it is version {event.claim_version} of claim {event.claim_id}"
            self._add("version", found, str(version), position)
        if event.recorded_at != logged.recorded_at:
            self._add("recorded_at", f"{event.recorded_at} in the event", logged.recorded_at, position)
        if version < expected or (self._is_complete and version > expected):
            self._add("version", f"claim_version {version}", str(expected), position)
        if position <= self.position:
            found = f"version {version} before version {self._version}, which is at position {self.position}"
            self._add("order", found, "versions in the order of the ledger", position)

    def _check_previous(self, event: Event | Tombstone, logged: Logged) -> None:
        if isinstance(event, Tombstone):
            return
        found, is_neighbour = event.previous, logged.version == self._version + 1
        if is_neighbour and (found or "") not in self._digests:
            expected = self._digests[0] or "null, for it is the claim's first"
            self._add("previous", found or "null", expected, logged.position)
        elif not is_neighbour and (found is None or not self._is_hidden(found, logged.position)):
            expected = "the digest of an event that the log has before it and that cannot be read"
            self._add("previous", found or "null", expected, logged.position)

    def _note(self, event: Event | Tombstone, logged: Logged, read_event: ReadEvent) -> None:
        event_id, is_erased = event.event_id or "", isinstance(event, Tombstone)
        self.taken.append((logged.position, logged.digests[1], is_erased))
        if is_erased:
            self._erased[event_id] = logged.position
        else:
            self._readers[event_id] = read_event
        if isinstance(event, EventErased):
            self._erasures.add(event.data.target_event_id)

    def _add(self, kind: Kind, found: str, expected: str, position: int) -> None:
        where = f"claim {self._claim_id}"
        violation = Violation(kind=kind, position=position, where=where, found=found, expected=expected)
        self._findings.add(violation)


def compare_standing(claim_id: str, replay: Replay, shown: bytes | None, cut: Cut) -> Violation | None:
    """Return what is wrong about a claim as the service shows it, None where it stands as its events say."""
    if not replay.is_whole:
        return None
    try:
        item = replay.item(cut)
    except KeyError as error:
        found = f"a correction of event {error}, which cannot be read"
        where = f"claim {claim_id}"
        return Violation(kind="event", position=replay.position, where=where, found=found, expected="what it corrects")
    if shown == item:
        return None
    said, expected = (None if each is None else json.loads(each) for each in (shown, item))
    difference = next(_differences({"claim": said}, {"claim": expected}, ""), None)
    if difference is None:
        return None
    name, found, value = difference
    return Violation(
        kind="standing",
        position=replay.position,
        where=f"claim {claim_id}",
        found=f"{name} {json.dumps(found, ensure_ascii=False)[:200]}",
        expected=json.dumps(value, ensure_ascii=False)[:200],
    )


def _differences(found: Json, expected: Json, path: str) -> Iterator[tuple[str, Any, Any]]:  # Any: JSON
    for name, value in expected.items():
        other = found.get(name)
        if isinstance(value, dict) and isinstance(other, dict):
            yield from _differences(other, value, f"{path}{name}.")
        elif other != value or name not in found:
            yield path + name, other, value


def _first_line(error: Exception) -> str:
    return str(error).split("\n", 1)[0][:200]

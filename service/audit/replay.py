"""Replays a claim from its records, checks how they follow each other, and tells where it then stands."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from domain.audience import DESK
from domain.events import Event, EventErased, Tombstone
from domain.fold import ClaimFold
from domain.reader import NOW, Cut
from projections.rendering import render_item
from service.audit.findings import Findings, Kind, Violation
from service.audit.records import Record, RecordError, parse_record

Json = dict[str, Any]  # Any: JSON


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
        self._version, self._position, self._digests = 0, 0, ("", "")
        self._is_whole = True
        self._lines: dict[str, Callable[[], bytes]] = {}
        self._erased: dict[str, int] = {}
        self._erasures: set[str] = set()
        self._fold = ClaimFold(self._read_event)

    def add(self, position: int, digest: str, read_line: Callable[[], bytes]) -> None:
        """Take in the next record, of whose event the log has this digest. The line is read again for corrections."""
        try:
            record = parse_record(read_line())
            event = record.event()
        except (RecordError, ValueError) as error:
            self._is_whole = False
            self._add("event", f"what no event is: {_first_line(error)}", "an event", position)
            return
        self._check_place(record)
        self._check_previous(record, event)
        self._version, self._position = record.version, record.position
        # Where the two differ, that is said already: the next event may follow either.
        self._digests = (digest, record.event_sha256)
        self._note(record, event, read_line)
        self._fold.add(event, record.position)

    def check_erasures(self) -> None:
        """Check that what is shown as erased was erased on record: once all records are in."""
        # The event that erases may be for fewer readers than what it has erased.
        for event_id, position in self._erased.items() if self._is_complete else ():
            if event_id not in self._erasures:
                self._add("missing", "no bytes", "the bytes of an event that no EventErased names", position)

    def item(self, cut: Cut = NOW) -> bytes | None:
        """Return the claim as lists show it within a cut, None where its reader sees none. Raises KeyError.

        The KeyError is of an event that is to be corrected and cannot be read.
        """
        reading = self._fold.reading(DESK, cut)
        return None if reading is None else render_item(self._claim_id, reading)

    @property
    def position(self) -> int:
        """The position of the last record."""
        return self._position

    @property
    def is_whole(self) -> bool:
        """Whether every record could be read."""
        return self._is_whole

    def _note(self, record: Record, event: Event | Tombstone, read_line: Callable[[], bytes]) -> None:
        if record.state is None:
            self._erased[record.event_id] = record.position
        else:
            self._lines[record.event_id] = read_line
        if isinstance(event, EventErased):
            self._erasures.add(event.data.target_event_id)

    def _read_event(self, event_id: str) -> Event:
        event = parse_record(self._lines[event_id]()).event()
        if isinstance(event, Tombstone):
            raise KeyError(event_id)
        return event

    def _check_place(self, record: Record) -> None:
        expected = self._version + 1
        if record.version < expected or (self._is_complete and record.version > expected):
            self._add("version", f"claim_version {record.version}", str(expected), record.position)
        if record.position <= self._position:
            found = f"version {record.version} before version {self._version}, which is at position {self._position}"
            self._add("order", found, "versions in the order of the ledger", record.position)

    def _check_previous(self, record: Record, event: Event | Tombstone) -> None:
        if isinstance(event, Tombstone):
            return
        found, is_neighbour = event.previous, record.version == self._version + 1
        if is_neighbour and (found or "") not in self._digests:
            expected = self._digests[0] or "null, for it is the claim's first"
            self._add("previous", found or "null", expected, record.position)
        elif not is_neighbour and (found is None or not self._is_hidden(found, record.position)):
            expected = "the digest of an event that the log has before it and that cannot be read"
            self._add("previous", found or "null", expected, record.position)

    def _add(self, kind: Kind, found: str, expected: str, position: int) -> None:
        where = f"claim {self._claim_id}"
        violation = Violation(kind=kind, position=position, where=where, found=found, expected=expected)
        self._findings.add(violation)


def compare_standing(claim_id: str, replay: Replay, shown: Json | None, cut: Cut = NOW) -> Violation | None:
    """Return what is wrong about a claim as the service shows it, None where it stands as its events say."""
    if not replay.is_whole:
        return None
    try:
        item = replay.item(cut)
    except KeyError as error:
        found = f"a correction of event {error}, which cannot be read"
        where = f"claim {claim_id}"
        return Violation(kind="event", position=replay.position, where=where, found=found, expected="what it corrects")
    expected = None if item is None else json.loads(item)
    difference = next(_differences({"claim": shown}, {"claim": expected}, ""), None)
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

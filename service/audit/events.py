"""Lays the records that are handed out beside the log's entries."""

from collections.abc import Iterator
from dataclasses import dataclass

from projections.log.verify.layout import Entry, entry_of
from projections.log.verify.tree import leaf_hash
from service.audit.findings import Findings, Kind, Violation
from service.audit.records import Record, RecordError, scan_record
from service.audit.spool import Spool


@dataclass(slots=True)
class Seen:
    """How many events there were to read, how many of them were erased, and how many could not be read."""

    events: int = 0
    erased: int = 0
    hidden: int = 0


class EventsAudit:
    """Takes in entry after entry, and with each the event of its position, if its reader may read it."""

    def __init__(self, lines: Iterator[bytes], spool: Spool, findings: Findings, *, is_complete: bool) -> None:
        """`lines` are records in the order of the ledger."""
        self.seen = Seen()
        self.recorded_at = ""
        self._findings = findings
        self._spool = spool
        self._is_complete = is_complete
        self._records = self._parsed(lines)
        self._next = next(self._records, None)

    def take(self, position: int, entry: Entry | None, leaf: bytes) -> None:
        """Check the event of a position against its entry, and where there is none against the hash of its leaf."""
        if entry is not None:
            self._check_instant(position, entry)
        record = self._next
        if record is None or record.position != position:
            self._note_hidden(position, entry)
            return
        self._next = next(self._records, None)
        self.seen.events += 1
        self.seen.erased += record.state is None
        if entry is not None:
            self._check_record(record, entry)
        elif leaf_hash(entry_of(record.digest, record.recorded_at)) != leaf:
            found = f"digest {record.digest}, recorded_at {record.recorded_at}"
            self._add("event", position, found, f"what makes a leaf with the hash {leaf.hex()}")
        digest = record.event_sha256 if entry is None else entry.event_sha256
        self._spool.add_record(record, digest)

    def _check_instant(self, position: int, entry: Entry) -> None:
        if entry.recorded_at < self.recorded_at:
            self._add("recorded_at", position, entry.recorded_at, f"{self.recorded_at} or later")
        self.recorded_at = entry.recorded_at

    def _note_hidden(self, position: int, entry: Entry | None) -> None:
        self.seen.hidden += 1
        if entry is not None:
            self._spool.add_hidden(position, entry.event_sha256)
        if self._is_complete:
            expected = "an event" if entry is None else f"the event with the digest {entry.event_sha256}"
            self._add("missing", position, "no event", expected)

    def _check_record(self, record: Record, entry: Entry) -> None:
        found = record.digest
        if found != entry.event_sha256:
            self._add("event", record.position, f"digest {found}", f"{entry.event_sha256}, as the log has it")
        elif record.event_sha256 != found:
            self._add("event", record.position, f"event_sha256 {record.event_sha256} beside it", found)
        if record.recorded_at != entry.recorded_at:
            expected = f"{entry.recorded_at}, as the log has it"
            self._add("recorded_at", record.position, record.recorded_at, expected)

    def _parsed(self, lines: Iterator[bytes]) -> Iterator[Record]:
        last = 0
        for line in lines:
            try:
                record = scan_record(line)
            except RecordError as error:
                self._add("event", last + 1, str(error), "a record")
                continue
            if record.position <= last:
                self._add("order", record.position, f"it comes after position {last}", "the order of the ledger")
                continue
            last = record.position
            yield record

    def _add(self, kind: Kind, position: int, found: str, expected: str) -> None:
        self._findings.add(Violation(kind=kind, position=position, found=found, expected=expected))

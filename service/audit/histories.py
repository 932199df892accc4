"""Asks a service for one claim again: all of its records, each found in the log, and where it stands."""

import os
from collections.abc import Mapping
from functools import partial
from tempfile import TemporaryFile
from typing import BinaryIO

from domain.events import Event, Tombstone
from domain.reader import NOW
from projections.log.verify.layout import entry_of
from service.audit.findings import Findings, Violation
from service.audit.records import Record, RecordError, encode_json, parse_record, read_content
from service.audit.replay import Replay, compare_standing
from service.audit.sources import Source
from service.audit.trees import TreeAudit

_ATTEMPTS = 3


class HistoryAudit:
    """Looks at single claims as they are now, as far as the checkpoint covers them."""

    def __init__(self, source: Source, tree: TreeAudit, size: int) -> None:
        """`tree` has come to the checkpoint, which covers so many events."""
        self._source = source
        self._tree = tree
        self._size = size

    def check(self, claim_id: str, known: Mapping[int, str]) -> tuple[list[Violation], Replay]:
        """Return what is wrong about a claim, and its replay; `known` has digests by positions that were checked."""
        with TemporaryFile() as lines:
            found, replay = self._check_once(claim_id, known, lines)
            for _ in range(_ATTEMPTS - 1):
                # An event that came in between two answers makes them differ; three times in a row it does not.
                if found:
                    found, replay = self._check_once(claim_id, known, lines)
        return found, replay

    def _check_once(self, claim_id: str, known: Mapping[int, str], lines: BinaryIO) -> tuple[list[Violation], Replay]:
        found: list[Violation] = []
        replay = self._replay(claim_id, Findings(found.append), known, lines)
        claim = self._source.claim(claim_id)
        wrong = compare_standing(claim_id, replay, None if claim is None else encode_json(claim).encode(), NOW)
        return (found if wrong is None else [*found, wrong]), replay

    def _replay(self, claim_id: str, findings: Findings, known: Mapping[int, str], lines: BinaryIO) -> Replay:
        replay = Replay(claim_id, findings, lambda *_: True, is_complete=self._source.is_complete)
        missing, start = set(known), lines.seek(0)
        for line in self._source.history(claim_id):
            try:
                record = parse_record(line)
            except RecordError as error:
                where = f"claim {claim_id}"
                findings.add(Violation(kind="event", where=where, found=str(error), expected="a record"))
                continue
            missing.discard(record.position)
            wrong = self._wrong(record, known.get(record.position))
            if wrong is not None:
                findings.add(wrong)
            lines.write(content := record.content)
            lines.flush()
            again = partial(_read, lines, start, len(content), is_erased=record.state is None)
            replay.add(record.logged, again)
            start += len(content)
        replay.check_erasures()
        for position in sorted(missing) if self._source.is_complete else ():
            expected = f"the event with the digest {known[position]}"
            findings.add(Violation(kind="missing", position=position, found="no event", expected=expected))
        return replay

    def _wrong(self, record: Record, known: str | None) -> Violation | None:
        expected = known or record.event_sha256
        if record.digest != record.event_sha256 or record.event_sha256 != expected:
            return self._event(record, "bytes or a digest that differ", expected)
        if known is not None or record.position > self._size:
            return None
        if self._tree.holds(record.position, entry_of(record.event_sha256, record.recorded_at)):
            return None
        return self._event(
            record, f"digest {record.event_sha256}, recorded_at {record.recorded_at}", "what the log has"
        )

    def _event(self, record: Record, found: str, expected: str) -> Violation:
        return Violation(kind="event", position=record.position, found=found, expected=expected)


def _read(file: BinaryIO, start: int, length: int, *, is_erased: bool) -> Event | Tombstone:
    return read_content(os.pread(file.fileno(), length, start), is_erased=is_erased)

"""Evidence packs: one claim's events in a file, each with the proof that the log has it."""

import json
from functools import partial
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from domain.reader import Cut
from projections.log.verify.layout import LayoutError, entry_of, parse_entry
from projections.log.verify.notes import (
    Checkpoint,
    NoteError,
    VerifierKey,
    open_checkpoint,
    parse_key,
    parse_receipt,
)
from projections.log.verify.tree import ProofError, leaf_hash, verify_inclusion
from service.audit.findings import AuditError, Findings, Kind, Violation
from service.audit.http_source import HttpSource
from service.audit.progress import Tell
from service.audit.records import Record, RecordError, encode_json, parse_record, read_content
from service.audit.replay import Replay, compare_standing
from service.audit.sources import AUDIENCES

Json = dict[str, Any]  # Any: JSON
_ATTEMPTS = 5


class _Object(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ProvenEvent(_Object):
    """One event: its stored bytes, null where it was erased, its entry in the log, and the tlog-proof of that."""

    position: int
    event_sha256: str
    stored: str | None
    erased: Json | None
    entry: str
    receipt: str

    def line(self) -> bytes:
        """Return the event's record, as a service hands it out."""
        erased = json.dumps(self.erased, ensure_ascii=False)
        head = f'{{"position":{self.position},"event_sha256":"{self.event_sha256}"'
        return f'{head},"event":{self.stored or "null"},"erased":{erased}}}'.encode()


class Pack(_Object):
    """A claim, as one audience reads it."""

    format: Literal["onrecord-evidence@1"] = "onrecord-evidence@1"
    claim_id: str
    audience: str
    verifier_key: str
    checkpoint: str
    claim: Json
    events: list[ProvenEvent]


def make_pack(source: HttpSource, claim_id: str, audience: str, tell: Tell) -> bytes:
    """Return the pack of a claim as it is now. Raises AuditError."""
    records, claim = _read_claim(source, claim_id)
    key = _text(source.read("key"), "/log/key").strip()
    events = []
    for record in records:
        events.append(_proven(source, record))
        tell(len(events), len(records))
    pack = Pack(
        claim_id=claim_id,
        audience=audience,
        verifier_key=key,
        checkpoint=parse_receipt(events[-1].receipt.encode()).checkpoint.decode(),
        claim={name: value for name, value in claim.items() if name != "links"},
        events=events,
    )
    return json.dumps(pack.model_dump(), ensure_ascii=False, indent=1).encode() + b"\n"


def read_pack(path: Path) -> Pack:
    """Return the pack in a file. Raises AuditError."""
    try:
        return Pack.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise AuditError(f"{path} is no evidence pack, or is damaged") from error


def verify_pack(pack: Pack, key: VerifierKey | None, findings: Findings) -> None:
    """Check a pack by a verifier key; without one by its own, which then needs to be known from elsewhere."""
    _PackAudit(pack, key or pack_key(pack), findings).run()


def pack_key(pack: Pack) -> VerifierKey:
    """Return the key that a pack says it was signed by. Raises AuditError."""
    try:
        return parse_key(pack.verifier_key)
    except NoteError as error:
        raise AuditError(f"the pack's verifier key is none: {error}") from error


class _PackAudit:
    def __init__(self, pack: Pack, key: VerifierKey, findings: Findings) -> None:
        self._pack = pack
        self._key = key
        self._findings = findings
        self._opened: dict[bytes, Checkpoint | str] = {}

    def run(self) -> None:
        self._check_checkpoint()
        is_complete = self._pack.audience == AUDIENCES[-1]
        # What its reader may not read is not in the pack: whether the log has it, the log alone tells.
        replay = Replay(self._pack.claim_id, self._findings, lambda *_: True, is_complete=is_complete)
        for event in self._pack.events:
            record = self._checked(event)
            if record is not None:
                again = partial(read_content, record.content, is_erased=record.state is None)
                replay.add(record.logged, again)
        replay.check_erasures()
        wrong = compare_standing(
            self._pack.claim_id, replay, encode_json(self._pack.claim).encode(), Cut(position=replay.position)
        )
        if wrong is not None:
            self._findings.add(wrong)

    def _check_checkpoint(self) -> None:
        found = self._open(self._pack.checkpoint.encode())
        if isinstance(found, str):
            self._add("signature", None, found, f"a checkpoint signed by {self._key.name}+{self._key.key_id.hex()}")

    def _checked(self, event: ProvenEvent) -> Record | None:
        try:
            record, entry = parse_record(event.line()), parse_entry(event.entry.encode())
        except (RecordError, LayoutError) as error:
            self._add("event", event.position, str(error), "a record and its entry")
            return None
        if (record.state or b"").decode() != (event.stored or ""):
            self._add("event", event.position, "more than an event", "its stored bytes alone")
        if record.claim_id != self._pack.claim_id:
            self._add("event", event.position, f"an event of claim {record.claim_id}", f"of {self._pack.claim_id}")
        if {record.digest, event.event_sha256} != {entry.event_sha256}:
            self._add("event", event.position, f"digest {record.digest}", f"{entry.event_sha256}, as its entry has it")
        if record.recorded_at != entry.recorded_at:
            expected = f"{entry.recorded_at}, as its entry has it"
            self._add("recorded_at", event.position, record.recorded_at, expected)
        self._check_proof(event)
        return record

    def _check_proof(self, event: ProvenEvent) -> None:
        try:
            receipt = parse_receipt(event.receipt.encode())
        except NoteError as error:
            self._add("proof", event.position, str(error), "a receipt")
            return
        checkpoint = self._open(receipt.checkpoint)
        if isinstance(checkpoint, str):
            expected = f"a checkpoint signed by {self._key.name}+{self._key.key_id.hex()}"
            self._add("signature", event.position, checkpoint, expected)
            return
        leaf = leaf_hash(event.entry.encode())
        try:
            verify_inclusion(leaf, receipt.leaf_index, checkpoint.size, receipt.proof, checkpoint.root)
        except ProofError as error:
            self._add("proof", event.position, str(error), "a proof that the log has the entry")
        if receipt.leaf_index != event.position - 1:
            self._add("proof", event.position, f"leaf {receipt.leaf_index}", str(event.position - 1))

    def _open(self, note: bytes) -> Checkpoint | str:
        """Return a checkpoint, or why it is none of the log's: most receipts share one."""
        if note not in self._opened:
            try:
                self._opened[note] = open_checkpoint(note, self._key)
            except NoteError as error:
                self._opened[note] = str(error)
        return self._opened[note]

    def _add(self, kind: Kind, position: int | None, found: str, expected: str) -> None:
        where = "checkpoint" if position is None else None
        self._findings.add(Violation(kind=kind, position=position, where=where, found=found, expected=expected))


def _read_claim(source: HttpSource, claim_id: str) -> tuple[list[Record], Json]:
    """Return a claim's records, and where it stands after the last of them."""
    for _ in range(_ATTEMPTS):
        records, claim = [_parsed(line) for line in source.history(claim_id)], source.claim(claim_id)
        if claim is None or not records:
            raise AuditError(f"there is no claim {claim_id}")
        # An event that came in between the two answers makes them differ.
        if claim.get("position") == records[-1].position:
            return records, claim
    raise AuditError(
        f"claim {claim_id} changes too fast, or its history and its standing do not agree: verify the ledger"
    )


def _proven(source: HttpSource, record: Record) -> ProvenEvent:
    path = f"/v1/events/{record.members['event_id']}/proof"
    return ProvenEvent(
        position=record.position,
        event_sha256=record.event_sha256,
        stored=None if record.state is None else record.state.decode(),
        erased=record.erased,
        entry=entry_of(record.event_sha256, record.recorded_at).decode(),
        receipt=_text(source.get(path), path),
    )


def _parsed(line: bytes) -> Record:
    try:
        return parse_record(line)
    except RecordError as error:
        raise AuditError(f"the service's history has a line that is no record: {error}") from error


def _text(body: bytes | None, path: str) -> str:
    if body is None:
        raise AuditError(f"{path} is missing: the service has no log")
    return body.decode()

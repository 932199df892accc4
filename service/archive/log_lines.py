"""The lines of `log.ndjson`: what was signed, by whom, and who else signs."""

from typing import Annotated, Literal, Self

from pydantic import Field, TypeAdapter, ValidationError

from domain.times import format_instant, parse_instant
from domain.values import Instant
from projections.log.verify.notes import NoteError, VerifierKey, open_checkpoint, parse_key
from service.archive.format import ArchiveObject, Count, describe, encode_object
from service.store.checkpoints import Cosignature, KeptCheckpoint, LogIdentity, LogRecord, Witness


class LogLine(ArchiveObject):
    """An origin and its key."""

    kind: Literal["log"] = "log"
    log_id: Count
    origin: str
    verifier_key: str
    begun_at: Instant

    @classmethod
    def of(cls, log: LogIdentity) -> Self:
        """Return the line of a log."""
        begun_at = format_instant(log.begun_us)
        return cls(log_id=log.log_id, origin=log.origin, verifier_key=log.verifier_key, begun_at=begun_at)

    def to_record(self) -> LogIdentity:
        """Return what the line tells of."""
        begun_us = parse_instant(self.begun_at)
        return LogIdentity(log_id=self.log_id, origin=self.origin, verifier_key=self.verifier_key, begun_us=begun_us)


class CheckpointLine(ArchiveObject):
    """A signed checkpoint of the log before it."""

    kind: Literal["checkpoint"] = "checkpoint"
    number: Count
    log_id: Count
    size: Count
    note: str
    signed_at: Instant

    @classmethod
    def of(cls, kept: KeptCheckpoint) -> Self:
        """Return the line of a checkpoint."""
        return cls(
            number=kept.number,
            log_id=kept.log_id,
            size=kept.size,
            note=kept.note.decode(),
            signed_at=format_instant(kept.signed_us),
        )

    def to_record(self) -> KeptCheckpoint:
        """Return what the line tells of."""
        return KeptCheckpoint(
            number=self.number,
            log_id=self.log_id,
            size=self.size,
            note=self.note.encode(),
            signed_us=parse_instant(self.signed_at),
        )


class CosignatureLine(ArchiveObject):
    """What a witness has signed of the checkpoint before it."""

    kind: Literal["cosignature"] = "cosignature"
    number: Count
    verifier_key: str
    line: str
    cosigned_at: Instant

    @classmethod
    def of(cls, cosignature: Cosignature) -> Self:
        """Return the line of a cosignature."""
        return cls(
            number=cosignature.number,
            verifier_key=cosignature.verifier_key,
            line=cosignature.line.decode(),
            cosigned_at=format_instant(cosignature.cosigned_us),
        )

    def to_record(self) -> Cosignature:
        """Return what the line tells of."""
        return Cosignature(
            number=self.number,
            verifier_key=self.verifier_key,
            line=self.line.encode(),
            cosigned_us=parse_instant(self.cosigned_at),
        )


class WitnessLine(ArchiveObject):
    """Who is asked for cosignatures, and where."""

    kind: Literal["witness"] = "witness"
    verifier_key: str
    url: str
    added_at: Instant

    @classmethod
    def of(cls, witness: Witness) -> Self:
        """Return the line of a witness."""
        return cls(verifier_key=witness.verifier_key, url=witness.url, added_at=format_instant(witness.added_us))

    def to_record(self) -> Witness:
        """Return what the line tells of."""
        return Witness(verifier_key=self.verifier_key, url=self.url, added_us=parse_instant(self.added_at))


Line = LogLine | CheckpointLine | CosignatureLine | WitnessLine
_LINE: TypeAdapter[Line] = TypeAdapter(Annotated[Line, Field(discriminator="kind")])


def encode_record(record: LogRecord) -> bytes:
    """Return the line of what the ledger holds of its log."""
    line: Line
    match record:
        case LogIdentity():
            line = LogLine.of(record)
        case KeptCheckpoint():
            line = CheckpointLine.of(record)
        case Cosignature():
            line = CosignatureLine.of(record)
        case Witness():
            line = WitnessLine.of(record)
    return encode_object(line)


def decode_record(line: bytes) -> LogRecord:
    """Return what a line tells of. Raises ValueError."""
    try:
        return _LINE.validate_json(line).to_record()
    except ValidationError as error:
        raise ValueError(describe(error)) from error


class LogChain:
    """Checks what is kept of a ledger's logs: nothing that the log's own key has not signed."""

    def __init__(self) -> None:
        self._key: VerifierKey | None = None
        self.checkpoints = 0

    def add(self, record: LogRecord) -> None:
        """Check the next record. Raises ValueError, which says what is wrong with it."""
        if isinstance(record, LogIdentity):
            self._key = parse_key(record.verifier_key)
        if isinstance(record, KeptCheckpoint):
            self._check(record)
            self.checkpoints += 1

    def _check(self, kept: KeptCheckpoint) -> None:
        if self._key is None:
            raise ValueError("a checkpoint stands before the log that it is of")
        try:
            size = open_checkpoint(kept.note, self._key).size
        except NoteError as error:
            raise ValueError(f"checkpoint {kept.number}: {error}") from error
        if size != kept.size:
            raise ValueError(f"checkpoint {kept.number} is for {size} events, not for {kept.size}")

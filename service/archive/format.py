"""The files of an archive, and their lines. `docs/backup-format.md` has them for those who read without us."""

import json
import re
from dataclasses import dataclass
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from domain.commands import Role
from domain.encoding import canonical_json
from domain.errors import UnknownSchemaVersionError
from domain.events import Event, Tombstone, read_event
from domain.times import format_instant, parse_instant
from domain.values import Instant, Sha256
from service.store.mapper import LedgerEvent
from service.store.whole import StoredKey

FORMAT_VERSION = 2
FileName = Literal["events.ndjson", "keys.ndjson", "log.ndjson"]
EVENTS: FileName = "events.ndjson"
KEYS: FileName = "keys.ndjson"
LOG: FileName = "log.ndjson"
MANIFEST = "manifest.json"

Count = Annotated[int, Field(ge=0)]

_HEAD = re.compile(rb'\{"position":([1-9][0-9]{0,17}),"event_sha256":"([0-9a-f]{64})","event":')
_AFTER_EVENT = b',"tombstone":null}\n'
_BEFORE_TOMBSTONE = b'null,"tombstone":'
_AFTER_TOMBSTONE = b"}\n"


class ArchiveObject(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class FileSummary(ArchiveObject):
    """How long a file is, and the SHA-256 of its bytes."""

    size_bytes: Count
    sha256: Sha256


class Signature(BaseModel):
    """By what an archive of any release is known, and which release can read it."""

    format: Literal["onrecord-archive"]
    format_version: int


class Manifest(ArchiveObject):
    """What an archive holds. `running_digest` tells the digests of all events and their order in one value.

    Format 1 has no log.
    """

    format: Literal["onrecord-archive"] = "onrecord-archive"
    format_version: Count = FORMAT_VERSION
    engine: str
    schema_version: Count
    made_at: Instant
    events: Count
    erased: Count
    keys: Count
    checkpoints: Count = 0
    last_position: Count
    last_recorded_at: Instant | None
    running_digest: Sha256
    files: dict[FileName, FileSummary]


class KeyLine(ArchiveObject):
    """A line of `keys.ndjson`."""

    key_id: str
    name: str
    role: Role
    audience: Annotated[int, Field(ge=0, le=2)]
    key_sha256: Sha256
    created_at: Instant
    revoked_at: Instant | None

    @classmethod
    def of(cls, key: StoredKey) -> Self:
        """Return the line of a stored key."""
        return cls(
            key_id=key.key_id,
            name=key.name,
            role=key.role,
            audience=key.audience,
            key_sha256=key.key_sha256.hex(),
            created_at=format_instant(key.created_us),
            revoked_at=None if key.revoked_us is None else format_instant(key.revoked_us),
        )

    def to_key(self) -> StoredKey:
        """Return the stored key of the line."""
        return StoredKey(
            key_id=self.key_id,
            name=self.name,
            role=self.role,
            audience=self.audience,
            key_sha256=bytes.fromhex(self.key_sha256),
            created_us=parse_instant(self.created_at),
            revoked_us=None if self.revoked_at is None else parse_instant(self.revoked_at),
        )


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of `events.ndjson`: the row of the ledger, and the event in it."""

    row: LedgerEvent
    event: Event | Tombstone


def encode_entry(row: LedgerEvent) -> bytes:
    """Return the line of an event: its bytes verbatim, or what is left of it where they were erased.

    Raises ValueError where the row has neither.
    """
    head = b'{"position":%d,"event_sha256":"%b","event":' % (row.position, row.event_sha256.hex().encode())
    if row.tombstone is None:
        if not isinstance(row.state, bytes):
            raise ValueError("there is neither an event nor what an erased one leaves")
        return head + row.state + _AFTER_EVENT
    return head + _BEFORE_TOMBSTONE + row.tombstone.encode() + _AFTER_TOMBSTONE


def decode_entry(line: bytes) -> Entry:
    """Return what a line holds. Raises ValueError where it is not as `encode_entry` writes it."""
    head = _HEAD.match(line)
    if head is None:
        raise ValueError("this is not the line of an event")
    position, digest = int(head[1]), bytes.fromhex(head[2].decode())
    rest = line[head.end() :]
    if rest.startswith(b"{") and rest.endswith(_AFTER_EVENT):
        state = rest.removesuffix(_AFTER_EVENT)
        return _entry(position, digest, _read(state), state, None)
    if rest.startswith(_BEFORE_TOMBSTONE) and rest.endswith(_AFTER_TOMBSTONE):
        text = rest[len(_BEFORE_TOMBSTONE) : -len(_AFTER_TOMBSTONE)].decode()
        return _entry(position, digest, _read_tombstone(text), None, text)
    raise ValueError("the line is cut short, or goes on after its event")


def encode_object(value: ArchiveObject) -> bytes:
    """Return the JSON of a key or of a manifest, in one line."""
    return canonical_json(value.model_dump(mode="json")) + b"\n"


def describe(error: ValidationError) -> str:
    """Return what is wrong with an object, in one line."""
    return "; ".join(f"{'/'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()[:3])


def _entry(position: int, digest: bytes, event: Event | Tombstone, state: bytes | None, tombstone: str | None) -> Entry:
    row = LedgerEvent(
        originator_id=event.claim_id or "",
        originator_version=event.claim_version or 0,
        topic=event.type,
        state=state,  # type: ignore[arg-type]  # the library knows no erased events
        position=position,
        event_id=UUID(event.event_id).bytes,
        event_sha256=digest,
        recorded_us=parse_instant(event.recorded_at or ""),
        tombstone=tombstone,
    )
    return Entry(row, event)


def _read(state: bytes) -> Event:
    try:
        value = json.loads(state, parse_float=_refuse_number, parse_constant=_refuse_number)
        if canonical_json(value) != state:
            raise ValueError("the event is not in its canonical form (RFC 8785)")
        return read_event(state)
    except ValidationError as error:
        raise ValueError(describe(error)) from error
    except (UnknownSchemaVersionError, RecursionError) as error:
        raise ValueError(str(error)) from error


def _read_tombstone(text: str) -> Tombstone:
    try:
        return Tombstone(**json.loads(text))
    except TypeError as error:
        raise ValueError("this is not what an erased event leaves") from error


def _refuse_number(text: str) -> None:
    raise ValueError(f"{text} is no number of an event")

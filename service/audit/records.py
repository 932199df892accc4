"""Records as a service hands them out, taken apart: the stored bytes are what counts."""

import json
import re
from hashlib import sha256
from typing import Any, NamedTuple

from domain.events import Event, Tombstone, read_event

Json = dict[str, Any]  # Any: JSON

_HEAD = re.compile(rb'\{"position":([1-9][0-9]{0,17}),"event_sha256":"([0-9a-f]{64})","event":')
_TAIL = b',"erased":null}\n'
# In canonical JSON nothing but the causation comes before the claim, and after `recorded_at` no text of others
# has quotes that are not escaped.
_PLACE = re.compile(
    rb'\{(?:"causation_id":"(?:[^"\\]|\\.)*",)?"claim_id":"([^"\\]+)","claim_version":([1-9][0-9]{0,17}),'
)
_INSTANT = b'"recorded_at":"'
_decode = json.JSONDecoder().raw_decode
_TEXTS = ("claim_id", "event_id", "recorded_at", "type")


encode_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
"""As the service writes what it shows."""


class RecordError(ValueError):
    """The line is no record of an event."""


class Logged(NamedTuple):
    """Where a record belongs, as the log and its line have it: what its event must say of itself.

    `digests` are the log's of the event and the record's own. Where they differ, that was said when they were laid
    beside each other: the claim's next event may follow either.
    """

    position: int
    version: int
    recorded_at: str
    digests: tuple[str, str]


class Record(NamedTuple):
    """An event as it was read: the digest it is said to have, its stored bytes, or what is left of an erased one."""

    position: int
    event_sha256: str
    claim_id: str
    version: int
    recorded_at: str
    state: bytes | None
    erased: Json | None = None

    @property
    def digest(self) -> str:
        """The SHA-256 of the stored bytes; of an erased event what it is said to have been."""
        return self.event_sha256 if self.state is None else sha256(self.state).hexdigest()

    @property
    def logged(self) -> Logged:
        """Where the record belongs, by its own word."""
        return Logged(self.position, self.version, self.recorded_at, (self.event_sha256, self.digest))

    @property
    def members(self) -> Json:
        """The event's members, as JSON; of an erased one those that are left."""
        return dict(json.loads(self.state)) if self.state is not None else (self.erased or {})

    @property
    def content(self) -> bytes:
        """What the event can be read from again, by `read_content`."""
        return self.state if self.state is not None else json.dumps(self.erased).encode()


def read_content(content: bytes, *, is_erased: bool) -> Event | Tombstone:
    """Return what the standing is folded from. Raises ValueError."""
    if not is_erased:
        return read_event(content)
    left = json.loads(content)
    return Tombstone(
        event_id=left["event_id"],
        type=left["type"],
        claim_id=left["claim_id"],
        claim_version=left["claim_version"],
        recorded_at=left["recorded_at"],
        # It was handed out, so that its reader sees it: nothing else matters to what that one reads.
        classification="public",
        target_event_id=left.get("target_event_id"),
    )


def scan_record(line: bytes) -> Record:
    """Return the record of a line of the ledger, without parsing what is in canonical form. Raises RecordError.

    Whoever reads the event finds out whether it says the same of itself.
    """
    head = _HEAD.match(line)
    place = _PLACE.match(line, head.end()) if head else None
    instant = line.rfind(_INSTANT) + len(_INSTANT)
    if head is None or place is None or instant < place.end() or not line.endswith(_TAIL):
        return parse_record(line)
    return Record(
        position=int(head[1]),
        event_sha256=head[2].decode(),
        claim_id=place[1].decode(errors="replace"),
        version=int(place[2]),
        recorded_at=line[instant : line.index(b'"', instant)].decode(errors="replace"),
        state=line[head.end() : -len(_TAIL)],
    )


def parse_record(line: bytes) -> Record:
    """Return the record of a line, which may have more members, as in a history. Raises RecordError."""
    head = _HEAD.match(line)
    if head is None:
        raise RecordError("not a record of an event: it does not begin with position, digest and event")
    try:
        text = line[head.end() :].decode()
        said, end = _decode(text)
        state = None if said is None else text[:end].encode()
        if said is None:
            said = json.loads(line)["erased"]
    except (ValueError, KeyError, RecursionError) as error:
        raise RecordError(f"not a record of an event: {error}") from error
    if not _has_members(said):
        raise RecordError("not a record of an event: members are missing")
    return Record(
        position=int(head[1]),
        event_sha256=head[2].decode(),
        claim_id=said["claim_id"],
        version=said["claim_version"],
        recorded_at=said["recorded_at"],
        state=state,
        erased=said if state is None else None,
    )


def _has_members(said: Any) -> bool:  # Any: JSON
    if not isinstance(said, dict) or type(said.get("claim_version")) is not int:
        return False
    return all(isinstance(said.get(name), str) for name in _TEXTS)

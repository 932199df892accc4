"""Records as a service hands them out, taken apart: the stored bytes are what counts."""

import json
import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from domain.events import Event, Tombstone, read_event

Json = dict[str, Any]  # Any: JSON

_HEAD = re.compile(r'\{"position":([1-9][0-9]{0,17}),"event_sha256":"([0-9a-f]{64})","event":')
_decode = json.JSONDecoder().raw_decode
_TEXTS = ("claim_id", "event_id", "recorded_at", "type")


class RecordError(ValueError):
    """The line is no record of an event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """An event as it was read: the digest it is said to have, its stored bytes, or what is left where it was erased."""

    position: int
    event_sha256: str
    state: bytes | None
    members: Json

    @property
    def claim_id(self) -> str:
        """The claim that the event is of."""
        return str(self.members["claim_id"])

    @property
    def version(self) -> int:
        """The event's place in its claim."""
        return int(self.members["claim_version"])

    @property
    def recorded_at(self) -> str:
        """When the event was recorded."""
        return str(self.members["recorded_at"])

    @property
    def event_id(self) -> str:
        """The event's id."""
        return str(self.members["event_id"])

    @property
    def is_genuine(self) -> bool:
        """Whether the bytes have the digest that the record says."""
        return self.state is None or sha256(self.state).hexdigest() == self.event_sha256

    def event(self) -> Event | Tombstone:
        """Return what the standing is folded from. Raises ValueError."""
        if self.state is not None:
            return read_event(self.state)
        return Tombstone(
            event_id=self.event_id,
            type=str(self.members["type"]),
            claim_id=self.claim_id,
            claim_version=self.version,
            recorded_at=self.recorded_at,
            # It was handed out, so that its reader sees it: nothing else matters to what that one reads.
            classification="public",
            target_event_id=self.members.get("target_event_id"),
        )


def parse_record(line: bytes) -> Record:
    """Return the record of a line. Raises RecordError."""
    try:
        text = line.decode()
        head = _HEAD.match(text)
        if head is None:
            raise RecordError("a record begins with its position, digest and event")
        said, end = _decode(text, head.end())
        state = None if said is None else text[head.end() : end].encode()
        if said is None:
            said = json.loads(text)["erased"]
    except (ValueError, KeyError) as error:
        raise RecordError(f"not a record of an event: {error}") from error
    _check_members(said)
    return Record(position=int(head[1]), event_sha256=head[2], state=state, members=said)


def _check_members(said: Any) -> None:  # Any: JSON
    if not isinstance(said, dict) or not all(isinstance(said.get(name), str) for name in _TEXTS):
        raise RecordError("not a record of an event: a member is missing")
    if type(said.get("claim_version")) is not int:
        raise RecordError("not a record of an event: no claim_version")

"""What a claim takes from each of its events: from the event, or straight from its stored bytes."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal, NamedTuple, NotRequired

from pydantic import Field, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from domain.audience import Visibility, visibility
from domain.events import (
    ClaimAssessed,
    Event,
    EventCorrected,
    EventErased,
    EventReclassified,
    Tombstone,
    read_event,
    target_of,
)
from domain.sharing import shared
from domain.times import parse_instant
from domain.values import Classification


class Entry(NamedTuple):
    """What is kept of one event of the claim; `decisive` is None where an event or a patch does not say."""

    event_id: str
    version: int
    type: str
    recorded_by: str | None
    visibility: Visibility
    target: str | None = None
    decisive: bool | None = None
    is_erased: bool = False

    def is_seen_by(self, audience: int) -> bool:
        """Tell whether this audience may read the event."""
        return self.visibility.audience <= audience


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A text that the claim has had, in the event that carries it or in a correction of that event.

    What a correction leaves as it was is None.
    """

    event_id: str
    carrier: str
    text: str | None
    language: str | None

    @property
    def is_carrier(self) -> bool:
        """Tell an event that carries the text from a correction of one."""
        return self.event_id == self.carrier


class Note(NamedTuple):
    """One event as its claim takes it in: its entry, the text it carries or changes, what it does to its target."""

    entry: Entry
    text: Text | None = None
    change: EventReclassified | EventErased | None = None


def note_of(event: Event | Tombstone) -> Note:
    """Return what the claim takes from a recorded event, or from what is left of it."""
    entry = Entry(
        event_id=event.event_id or "",
        version=event.claim_version or 0,
        type=event.type,
        recorded_by=None if isinstance(event, Tombstone) or event.recorded_by is None else shared(event.recorded_by),
        visibility=_visibility(event.classification, event.embargo_until, event.recorded_at or ""),
        target=target_of(event),
        decisive=_decisive(event),
        is_erased=isinstance(event, Tombstone),
    )
    if isinstance(event, Tombstone):
        return Note(entry)
    if isinstance(event, EventReclassified | EventErased):
        return Note(entry, change=event)
    if isinstance(event, EventCorrected):
        return Note(entry, _corrected_text(event, entry.event_id))
    said = getattr(event.data, "claim", None)  # evidence and links carry none
    return Note(entry, said and _carried_text(entry.event_id, said.text, said.language))


def read_note(stored: bytes) -> Note:
    """Return the same of an event's stored bytes, in an eighth of the time that it takes to read the whole event.

    Raises what `read_event` does, but for those members that a claim takes nothing from.
    """
    try:
        plain = _PLAIN.validate_json(stored)
    except ValidationError:
        return note_of(read_event(stored))
    data, event_id = plain["data"], plain["event_id"]
    said = data.get("claim")
    entry = Entry(
        event_id=event_id,
        version=plain["claim_version"],
        type=plain["type"],
        recorded_by=shared(plain["recorded_by"]),
        visibility=_visibility(plain["classification"], plain["embargo_until"], plain["recorded_at"]),
        target=data.get("target_event_id"),
        decisive=data.get("decisive", False) if plain["type"] == "ClaimAssessed" else None,
    )
    return Note(entry, said and _carried_text(event_id, said["text"], said.get("language", "und")))


class _Said(TypedDict):
    text: str
    language: NotRequired[str]


class _Data(TypedDict):
    claim: NotRequired[_Said]
    target_event_id: NotRequired[str]
    decisive: NotRequired[bool]


class _Plain(TypedDict):
    """The members that a claim takes from an event which neither corrects, erases nor reclassifies another."""

    event_id: str
    schema_version: Literal[1]
    claim_version: Annotated[int, Field(ge=1)]
    type: Literal[
        "ClaimReported",
        "ClaimDenied",
        "ClaimAssessed",
        "ClaimConfirmed",
        "ClaimCommentDeclined",
        "EvidenceAttached",
        "EventRetracted",
        "ClaimLinked",
    ]
    recorded_at: str
    recorded_by: str
    classification: Classification
    embargo_until: str | None
    data: _Data


_PLAIN = TypeAdapter(_Plain)


def _visibility(classification: Classification | None, embargo_until: str | None, recorded_at: str) -> Visibility:
    return visibility(classification, embargo_until, parse_instant(recorded_at))


def _decisive(event: Event | Tombstone) -> bool | None:
    if isinstance(event, EventCorrected):
        patch = _patch_of_data(event)
        return patch["decisive"] is True if "decisive" in patch else None
    return event.data.decisive if isinstance(event, ClaimAssessed) else None


def _carried_text(event_id: str, text: str, language: str) -> Text:
    return Text(event_id=event_id, carrier=event_id, text=text, language=language)


def _corrected_text(event: EventCorrected, event_id: str) -> Text | None:
    changed = _patch_of_data(event).get("claim")
    if not isinstance(changed, dict) or not changed.keys() & {"text", "language"}:
        return None
    language = changed["language"] or "und" if "language" in changed else None
    return Text(event_id=event_id, carrier=event.data.target_event_id, text=changed.get("text"), language=language)


def _patch_of_data(event: EventCorrected) -> dict[str, Any]:  # Any: a patch holds any JSON
    data = event.data.patch.get("data")
    return data if isinstance(data, dict) else {}

"""The eleven event types, each defined once: what clients post, what is stored, what is read back."""

from dataclasses import asdict, dataclass
from typing import Annotated, Literal

from pydantic import Discriminator, Field, StringConstraints, TypeAdapter, ValidationError
from pydantic_core import from_json

from domain import content
from domain.encoding import canonical_json, quote
from domain.errors import UnknownSchemaVersionError
from domain.values import (
    ClaimId,
    Classification,
    EventId,
    FuzzyTime,
    Instant,
    OccurredBasis,
    SchemaVersion,
    Sha256,
    UriReference,
    Value,
)

NonEmpty = Annotated[str, StringConstraints(min_length=1)]
SCHEMA_VERSION = 1
"""The present version of the events' schema: what is recorded now has it, what is older is upcast on reading."""

LEDGER_MEMBERS = frozenset({"claim_version", "previous", "recorded_by", "salt"})
"""What only the ledger sets: refused in a posted event."""


class Envelope(Value):
    """What every event carries besides its data; the ledger fills in what the client left out."""

    event_id: EventId | None = None
    schema_version: SchemaVersion = 1
    claim_id: ClaimId | None = None
    occurred_at: FuzzyTime | None = None
    occurred_basis: OccurredBasis = "unknown"
    occurred_text: NonEmpty | None = None
    recorded_at: Instant | None = None
    source: UriReference | None = None
    correlation_id: NonEmpty | None = None
    causation_id: NonEmpty | None = None
    classification: Classification | None = None
    embargo_until: Instant | None = None
    claim_version: Annotated[int, Field(ge=1)] | None = None
    recorded_by: NonEmpty | None = None
    previous: Sha256 | None = None
    salt: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{22}$")] | None = None


class ClaimReported(Envelope):
    """The claim is so, somebody says."""

    type: Literal["ClaimReported"]
    data: content.Report


class ClaimDenied(Envelope):
    """The claim is not so, a party says."""

    type: Literal["ClaimDenied"]
    data: content.Denial


class ClaimAssessed(Envelope):
    """Somebody weighed the claim."""

    type: Literal["ClaimAssessed"]
    data: content.Assessment


class ClaimConfirmed(Envelope):
    """The claim is established."""

    type: Literal["ClaimConfirmed"]
    data: content.Confirmation


class ClaimCommentDeclined(Envelope):
    """Somebody was asked and did not answer."""

    type: Literal["ClaimCommentDeclined"]
    data: content.DeclinedComment


class EvidenceAttached(Envelope):
    """Evidence that bears on the claim."""

    type: Literal["EvidenceAttached"]
    data: content.Attachment


class EventCorrected(Envelope):
    """An earlier event says something else than was recorded."""

    type: Literal["EventCorrected"]
    data: content.Correction


class EventRetracted(Envelope):
    """An earlier event no longer counts."""

    type: Literal["EventRetracted"]
    data: content.Retraction


class EventErased(Envelope):
    """The content of an earlier event was destroyed."""

    type: Literal["EventErased"]
    data: content.Erasure


class EventReclassified(Envelope):
    """Who may read an earlier event has changed."""

    type: Literal["EventReclassified"]
    data: content.Reclassification


class ClaimLinked(Envelope):
    """The claim is related to another."""

    type: Literal["ClaimLinked"]
    data: content.Link


Assertion = ClaimReported | ClaimDenied | ClaimAssessed | ClaimConfirmed
Targeting = EventCorrected | EventRetracted | EventErased | EventReclassified
Event = Assertion | ClaimCommentDeclined | EvidenceAttached | Targeting | ClaimLinked


@dataclass(frozen=True, slots=True, kw_only=True)
class Tombstone:
    """What is left of an erased event: its place, its audience, and the ids that it names."""

    event_id: str
    type: str
    claim_id: str
    claim_version: int
    recorded_at: str
    classification: Classification
    embargo_until: str | None = None
    target_event_id: str | None = None


EVENT: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Discriminator("type")])


def read_event(stored: bytes) -> Event:
    """Return the event of its stored bytes, upcast from older schema versions. Stored bytes never change.

    Raises UnknownSchemaVersionError, and ValueError for what is no event at all.
    """
    try:
        return EVENT.validate_json(stored)
    except ValidationError:
        # There has been one version so far. Once there are two, here is where the first is turned into the
        # second: what is recorded now fits at once, so that only what is older costs a second look.
        _refuse_unknown_version(stored)
        raise


def encode_event(event: Event) -> bytes:
    """Return the canonical bytes (RFC 8785) of an event that the ledger has stamped.

    `occurred_at`, `embargo_until` and `previous` are null where empty; what else is empty is left out.
    """
    return (
        f"{{{_optional('causation_id', event.causation_id)}"
        f'"claim_id":"{event.claim_id}","claim_version":{event.claim_version},'
        f'"classification":"{event.classification}",'
        f"{_optional('correlation_id', event.correlation_id)}"
        f'"data":{_encode_data(event.data)},"embargo_until":{_nullable(event.embargo_until)},'
        f'"event_id":"{event.event_id}","occurred_at":{_nullable(event.occurred_at)},'
        f'"occurred_basis":"{event.occurred_basis}",{_optional("occurred_text", event.occurred_text)}'
        f'"previous":{_nullable(event.previous)},"recorded_at":"{event.recorded_at}",'
        f'"recorded_by":"{event.recorded_by}","salt":"{event.salt}",'
        f'"schema_version":{event.schema_version},"source":{quote(event.source)},"type":"{event.type}"}}'
    ).encode()


def tombstone_of(event: Event) -> Tombstone:
    """Return what is left of a recorded event once it is erased."""
    return Tombstone(
        event_id=event.event_id or "",
        type=event.type,
        claim_id=event.claim_id or "",
        claim_version=event.claim_version or 0,
        recorded_at=event.recorded_at or "",
        classification=event.classification or "public",
        embargo_until=event.embargo_until,
        target_event_id=target_of(event),
    )


def encode_tombstone(tombstone: Tombstone) -> str:
    """Return the canonical JSON of a tombstone: shorter than the event was, for that had all its members too."""
    return canonical_json(asdict(tombstone)).decode()


def target_of(event: Event | Tombstone) -> str | None:
    """Return the id of the event that a correction, retraction, erasure or reclassification targets."""
    if isinstance(event, Tombstone):
        return event.target_event_id
    return event.data.target_event_id if isinstance(event.data, content.Targeted) else None


def _refuse_unknown_version(stored: bytes) -> None:
    event = from_json(stored)
    version = event.get("schema_version") if isinstance(event, dict) else SCHEMA_VERSION
    if type(version) is not int or version != SCHEMA_VERSION:
        raise UnknownSchemaVersionError(
            f"event {event.get('event_id')} has schema_version {version!r}, this release knows {SCHEMA_VERSION}"
        )


def _optional(name: str, text: str | None) -> str:
    return "" if text is None else f'"{name}":{quote(text)},'


def _nullable(text: str | None) -> str:
    return "null" if text is None else f'"{text}"'


def _encode_data(data: Value) -> str:
    # By the serializer itself: `model_dump_json` takes half as long again for its twenty options.
    write = data.__pydantic_serializer__.to_json
    # In a reclassification null is a value: it lifts the embargo.
    if isinstance(data, content.Reclassification):
        return write(data, exclude_unset=True).decode()
    return write(data, exclude_none=True).decode()

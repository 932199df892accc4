"""What HTTP answers, as models: OpenAPI is made from them, and the answers themselves are ready bytes."""

from typing import Annotated, Any, Literal, get_args, get_type_hints

from pydantic import BaseModel, Field, create_model

from domain.standing import Standing as StandingDict
from domain.standing import Status
from domain.values import ClaimId, EventId, Instant, Sha256

REF_TEMPLATE = "#/components/schemas/{model}"
LISTED: dict[int | str, dict[str, Any]] = {  # Any: OpenAPI, as JSON
    200: {"content": {"application/x-ndjson": {"schema": {"type": "string", "description": "A record a line."}}}}
}
LISTED_LIVE: dict[int | str, dict[str, Any]] = {  # Any: OpenAPI, as JSON
    200: {
        "content": {
            **LISTED[200]["content"],
            "text/event-stream": {
                "schema": {
                    "type": "string",
                    "description": "An event a record: its position as id, the record as data.",
                }
            },
        }
    }
}
LISTED_AS_TABLE: dict[int | str, dict[str, Any]] = {  # Any: OpenAPI, as JSON
    200: {
        "content": {
            **LISTED[200]["content"],
            "text/csv": {"schema": {"type": "string", "description": "A header, then a record a line (RFC 4180)."}},
        }
    }
}


def _model_of(source: Any) -> Any:  # Any: TypedDicts, which pydantic takes only from Python 3.12 on
    """Return the model of a TypedDict, and of those in it; any other type as it is."""
    parts = get_args(source)
    if type(None) in parts:
        return _model_of(parts[0]) | None
    if not isinstance(source, type) or not hasattr(source, "__required_keys__"):
        return source
    hints = get_type_hints(source)
    members: dict[str, Any] = {  # Any: as create_model has it
        name: (_model_of(hint), ... if name in source.__required_keys__ else None) for name, hint in hints.items()
    }
    return create_model(source.__name__, __doc__=source.__doc__, **members)


Standing: Any = _model_of(StandingDict)


class Receipt(BaseModel):
    """The answer to an event that is on record: durable, for good."""

    event_id: EventId
    claim_id: ClaimId
    claim_version: Annotated[int, Field(ge=1, description="Place in the claim's stream.")]
    position: Annotated[int, Field(ge=1, description="Place in the ledger's order.")]
    recorded_at: Instant
    event_sha256: Annotated[Sha256, Field(description="SHA-256 of the stored bytes.")]
    duplicate: Annotated[bool, Field(description="The event was on record already: this is its first receipt.")]


class Receipts(BaseModel):
    """The answer to an array of events, in its order."""

    receipts: list[Receipt]


class Fault(BaseModel):
    """One thing that is wrong: a field of the body by JSON pointer, or else a query parameter by name."""

    pointer: str | None = None
    parameter: str | None = None
    rule: str
    detail: str


class Problem(BaseModel):
    """An error (RFC 9457). What is at the address in `type` explains it."""

    type: Annotated[str, Field(examples=["/problems/malformed"])]
    title: str
    status: int
    detail: str
    errors: Annotated[list[Fault], Field(description="What is wrong, where it is known.")] = []
    receipts: Annotated[
        list[Receipt], Field(description="Of not-yet-projected and not-yet-published: what was recorded.")
    ] = []
    reasons: Annotated[list[str], Field(description="Of not-ready, to those who may know.")] = []


class EndOfImport(BaseModel):
    """What closes the answer to NDJSON: without it, or an error in its place, the end was not reached."""

    position: Annotated[int, Field(description="The greatest position of all receipts; 0 if there are none.")]
    count: Annotated[int, Field(description="How many lines were answered, the refused ones included.")]
    refused: Annotated[int, Field(description="How many of them were refused.")]


class ImportLine(BaseModel):
    """One line of the answer to NDJSON: a receipt or a problem with `line`, and at last `end` or `error`."""

    line: Annotated[int | None, Field(ge=1, description="The line that this answers; blank lines count.")] = None
    end: EndOfImport | None = None
    error: Problem | None = None


class ClaimLink(BaseModel):
    """A link of the claim to another, or of another to it."""

    event_id: EventId
    direction: Literal["out", "in"]
    claim_id: ClaimId
    relation: str
    state: Literal["suggested", "confirmed", "rejected"]


class ClaimItem(BaseModel):
    """A claim in a list, as the reader's audience sees it."""

    claim_id: ClaimId
    text: str | None
    language: str | None
    kind: str | None
    event_time: str | None
    location: str | None
    topics: list[str]
    entities: list[str]
    tags: list[str]
    same_as: list[str]
    version: Annotated[int, Field(description="The last version that this audience sees; for If-Match.")]
    position: int
    created_at: Instant
    updated_at: Instant
    standing: Standing


class Claim(ClaimItem):
    """A claim with its standing and links."""

    links: list[ClaimLink]


class ClaimsPage(BaseModel):
    """A page of claims; `next` is the cursor of the next one."""

    claims: list[ClaimItem]
    next: str | None


class Erased(BaseModel):
    """What is left of an erased event, and what erased it."""

    by: Annotated[EventId | None, Field(description="The erasure; null for who may not read it.")]
    event_id: EventId
    claim_id: ClaimId
    claim_version: int
    type: str
    recorded_at: Instant
    target_event_id: EventId | None


class Record(BaseModel):
    """An event as it is read."""

    position: int
    event_sha256: Annotated[Sha256, Field(description="SHA-256 of the stored bytes, which /bytes gives as they are.")]
    event: Annotated[dict[str, Any] | None, Field(description="The stored bytes verbatim; null once erased.")]
    erased: Erased | None


class HistoryRecord(Record):
    """An event in its claim's history, with what later events have made of it."""

    effective: Annotated[
        dict[str, Any] | None, Field(description="occurred_* and data as corrected; null if not corrected.")
    ]
    corrected_by: list[EventId]
    retracted_by: EventId | None
    superseded_by: EventId | None


class EventsPage(BaseModel):
    """A page of the ledger; `next` is the `after` of the next one."""

    events: list[Record]
    next: int | None


class HistoryPage(BaseModel):
    """A page of a claim's history; `next` is the `after` of the next one."""

    events: list[HistoryRecord]
    next: int | None


class Minute(BaseModel):
    """How many events were recorded in a minute."""

    minute: Instant
    events: int


class Checkpoint(BaseModel):
    """The last signed checkpoint of the log that covers nothing after what the summary is about."""

    size: int
    signed_at: Instant


class Summary(BaseModel):
    """Counts, activity, and the latest records."""

    claims: int
    statuses: dict[Status, int]
    contested: int
    events: int
    minutes: Annotated[list[Minute], Field(description="60 minutes, up to the last event that the reader sees.")]
    latest: Annotated[list[Record], Field(description="The last 10 records.")]
    checkpoint: Checkpoint | None


class Source(BaseModel):
    """Who speaks, or an outlet that carries what others say, and how the claims that it reported turned out."""

    kind: Literal["speaker", "outlet"]
    name: str
    reports: Annotated[int, Field(description="Its reports that count: not retracted, as corrected.")]
    denials: int
    claims_confirmed: Annotated[int, Field(description="How many of the claims that it reported stand confirmed.")]
    claims_refuted: Annotated[int, Field(description="How many of them stand refuted.")]


class SourcesPage(BaseModel):
    """A page of sources, those with most reports and denials first; `next` is the cursor of the next one."""

    sources: list[Source]
    next: str | None


class Health(BaseModel):
    """The process runs, and answers."""

    status: Literal["ok"]


class Readiness(BaseModel):
    """Whether events can be appended."""

    status: Literal["ready"]

"""The query parameters of every address: declared once, for OpenAPI and for parsing; unknown ones are refused."""

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Literal, Self, TypeVar
from urllib.parse import parse_qsl

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from api.errors import BadParameterError
from api.ports import ClaimFilter, Sort
from api.requests import ApiRequest
from domain.errors import Fault
from domain.reader import Cut
from domain.standing import Status
from domain.tally import FOREVER
from domain.times import parse_instant
from domain.values import MAX_INTEGER

Q = TypeVar("Q", bound="Query")


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 16):
        raise PydanticCustomError("whole_number", "a whole number, in digits")
    return int(text)


def _truth(text: str) -> bool:
    if text not in ("true", "false"):
        raise PydanticCustomError("true_or_false", "true or false")
    return text == "true"


Truth = Annotated[bool, BeforeValidator(_truth)]


def _instant(text: str) -> int:
    try:
        return parse_instant(text)
    except ValueError as error:
        raise PydanticCustomError("instant", "{reason}", {"reason": str(error)}) from error


PastInstant = Annotated[
    int, BeforeValidator(_instant), Field(json_schema_extra={"type": "string", "format": "date-time"})
]
Label = Annotated[str, Field(min_length=1, max_length=200)]
ListLimit = Annotated[int, Field(ge=1, le=200), BeforeValidator(_whole)]
PageLimit = Annotated[int, Field(ge=1, le=1000), BeforeValidator(_whole)]
Position = Annotated[int, Field(ge=0, le=MAX_INTEGER), BeforeValidator(_whole)]


class Query(BaseModel):
    """What every address takes: nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ReadQuery(Query):
    """What every read takes."""

    audience: Literal["public", "staff", "desk"] | None = Field(
        default=None, description="Answer as this audience would see it, if it sees less than the key does."
    )
    min_position: Position | None = Field(
        default=None, description="Wait up to 5 s for the read models to come to this position of the ledger."
    )


class CutQuery(ReadQuery):
    """What every read takes that can look back."""

    known_at: PastInstant | None = Field(
        default=None, description="Answer with what the ledger knew at this instant; or give a position."
    )
    position: Position | None = Field(
        default=None, description="Answer with what the ledger knew at this position; or give known_at."
    )

    @model_validator(mode="after")
    def _check_one_cut(self) -> Self:
        if self.known_at is not None and self.position is not None:
            raise PydanticCustomError("two_cuts", "known_at and position are two ways to say the same: give one")
        return self

    def cut(self) -> Cut:
        """Return what the answer leaves out."""
        return Cut(
            known_us=FOREVER if self.known_at is None else self.known_at,
            position=FOREVER if self.position is None else self.position,
        )


class ClaimQuery(CutQuery):
    """As of when a claim is read."""

    valid_at: PastInstant | None = Field(
        default=None, description="Answer with what had happened by this instant, as known at the other cut, or now."
    )

    def cut(self) -> Cut:
        """Return what the answer leaves out."""
        cut = super().cut()
        return cut if self.valid_at is None else replace(cut, valid_us=self.valid_at)


class ClaimsQuery(CutQuery):
    """Which claims are listed."""

    status: Status | None = Field(default=None, description="Only claims that stand so.")
    contested: Truth | None = Field(default=None, description="Only claims that are contested, or are not.")
    tag: Label | None = Field(default=None, description="Only claims with this tag.")
    speaker: Label | None = Field(
        default=None, description="Only claims in which somebody of this name speaks; not with known_at or position."
    )
    outlet: Label | None = Field(
        default=None, description="Only claims that this outlet reports; not with known_at or position."
    )
    q: Label | None = Field(
        default=None,
        description='Only claims in which something has these words, "phrases" or begin* of words, the best first; '
        "accents, case and punctuation do not count. Not with known_at or position.",
    )
    similar_to: Annotated[str, Field(min_length=1, max_length=2000)] | None = Field(
        default=None,
        description="Only claims whose text is near to this one, the nearest first, on one page; not with q, sort, "
        "known_at or position.",
    )
    changed_after: Position | None = Field(
        default=None, description="Only claims that changed after this position; not with known_at or position."
    )
    sort: Literal["changed", "created", "claim_id"] | None = Field(
        default=None,
        description="Those that changed last, or were created last, come first; or by their ids. By `changed` unless "
        "given, with q or similar_to by what is found: as texts are added while pages are read, a claim between two of "
        "them may then come twice, or not at all.",
    )
    limit: ListLimit = Field(default=50, description="How many at most.")
    cursor: Annotated[str, Field(min_length=1, max_length=400)] | None = Field(
        default=None, description="`next` of the page before, as it is; all else but the limit must be the same."
    )

    @model_validator(mode="after")
    def _check_filters(self) -> Self:
        is_now = self.known_at is None and self.position is None
        for name in ("speaker", "outlet", "changed_after", "q", "similar_to"):
            if getattr(self, name) is not None and not is_now:
                raise PydanticCustomError("not_with_a_cut", "{name} goes with no cut", {"name": name})
        if self.similar_to is not None and (self.q is not None or self.sort is not None):
            raise PydanticCustomError("not_with_similar_to", "similar_to goes with no q and no sort")
        return self

    def order(self) -> Sort:
        """Return in which order claims are listed."""
        is_search = self.q is not None or self.similar_to is not None
        return self.sort or ("rank" if is_search else "changed")

    def filter(self) -> ClaimFilter:
        """Return which claims are listed."""
        return ClaimFilter(
            status=self.status,
            contested=self.contested,
            tag=self.tag,
            speaker=self.speaker,
            outlet=self.outlet,
            changed_after=self.changed_after,
            q=self.q,
            similar_to=self.similar_to,
        )


class SourcesQuery(ReadQuery):
    """Which part of the sources is read."""

    limit: ListLimit = Field(default=50, description="How many at most.")
    # A name may be nearly as long as an event.
    cursor: Annotated[str, Field(min_length=1, max_length=50_000)] | None = Field(
        default=None, description="`next` of the page before, as it is."
    )


class RecordsQuery(CutQuery):
    """Which part of a history is read."""

    after: Position = Field(default=0, description="Only what comes after this version of the claim.")
    limit: PageLimit | None = Field(
        default=None, description="How many at most; 100 unless given, as NDJSON and CSV all."
    )


class LedgerQuery(ReadQuery):
    """Which part of the ledger is read."""

    after: Position = Field(default=0, description="Only what comes after this position.")
    limit: PageLimit | None = Field(default=None, description="How many at most; 100 unless given, as NDJSON all.")


class CheckpointsQuery(Query):
    """Which checkpoints are listed."""

    after: Position = Field(default=0, description="Leave out the first so many: they are never others.")


Wait = Literal["projected", "published"]


class AppendQuery(Query):
    """When an append is answered."""

    wait: Wait | None = Field(
        default=None,
        description="Answer when reads show the events, or when a signed checkpoint of the log covers them, not as "
        "soon as they are durable.",
    )


def query_parser(model: type[Q]) -> Callable[[ApiRequest], Q]:
    """Return the function that reads these parameters from a request. It raises BadParameterError."""
    without = model()

    def parse(request: ApiRequest) -> Q:
        raw: bytes = request.scope["query_string"]
        return _validate(model, _split(raw)) if raw else without

    return parse


def _split(raw: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(raw.decode(), keep_blank_values=True, errors="strict", max_num_fields=32)
    except ValueError as error:
        raise BadParameterError("the query is not UTF-8, or has over 32 parameters") from error
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in found:
            raise BadParameterError.named(name, "repeated", "given twice")
        if "\0" in value:  # no text that is stored has one, and PostgreSQL can not be asked about it
            raise BadParameterError.named(name, "no_nul", "text holds no NUL character")
        found[name] = value
    return found


def _validate(model: type[Q], found: dict[str, str]) -> Q:
    try:
        return model.model_validate_strings(found)
    except ValidationError as error:
        faults = [
            _fault(str(each["loc"][0] if each["loc"] else "position"), each["type"], each["msg"])
            for each in error.errors(include_url=False)
        ]
        raise BadParameterError(f"{faults[0].pointer}: {faults[0].detail}", tuple(faults)) from error


def _fault(name: str, rule: str, detail: str) -> Fault:
    if rule == "extra_forbidden":
        return Fault(pointer=name, rule="unknown", detail="no such parameter here")
    return Fault(pointer=name, rule=rule, detail=detail)

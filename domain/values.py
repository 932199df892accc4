"""The parts that events are made of: parties, wordings, attributions, publications, evidence.

Pydantic keeps the fields of every model in the order of their names, whatever the order in which they
are declared, and so writes canonical JSON (RFC 8785) in one pass.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    JsonValue,
    StringConstraints,
    model_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError

from domain.encoding import sort_members
from domain.plain_model import PlainModel
from domain.times import format_instant, parse_fuzzy, parse_instant

MAX_INTEGER = 2**53 - 1
"""The largest integer that every JSON reader keeps exact (RFC 7493)."""


def _json_name(item: tuple[str, Any]) -> str:
    name, field = item
    return str(field.get("serialization_alias", name))


class Value(BaseModel, metaclass=PlainModel):
    """A frozen value that refuses unknown fields and never converts one type into another."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, serialize_by_alias=True)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: type, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Return the model's schema with its fields in the order in which canonical JSON has them."""
        schema = handler(source)
        inner: Any = schema  # Any: core schemas are a union of some fifty typed dicts
        while inner["type"] != "model-fields":
            inner = inner["schema"]
        inner["fields"] = dict(sorted(inner["fields"].items(), key=_json_name))
        return schema


def _check_fuzzy(text: str) -> str:
    try:
        parse_fuzzy(text)
    except ValueError as error:
        raise PydanticCustomError("fuzzy_time", "{reason}", {"reason": str(error)}) from error
    return text


def _normalise_instant(text: str) -> str:
    try:
        return format_instant(parse_instant(text))
    except ValueError as error:
        raise PydanticCustomError("instant", "{reason}", {"reason": str(error)}) from error


def _forbid_repeats(items: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(items)) != len(items):
        raise PydanticCustomError("repeated_item", "the items must differ from each other")
    return items


def _check_integer(value: object) -> object:
    # A literal is compared by ==, and would take true and 1.0 for 1.
    if type(value) is not int:
        raise PydanticCustomError("int_type", "Input should be a valid integer")
    return value


_FUZZY = (
    r"^(\d{4}(-\d{2}(-\d{2}(T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2}))?)?)?)"
    r"(/(\d{4}(-\d{2}(-\d{2}(T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2}))?)?)?))?$"
)
_ADDRESS = r"^https?://[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+$"
_URI = r"^[A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+$"
_URI_REFERENCE = r"^[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+$"
_UUID = r"^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$"

FuzzyTime = Annotated[str, AfterValidator(_check_fuzzy), Field(json_schema_extra={"pattern": _FUZZY})]
Instant = Annotated[str, AfterValidator(_normalise_instant), Field(json_schema_extra={"format": "date-time"})]
EventId = Annotated[str, StringConstraints(pattern=_UUID, to_lower=True), Field(json_schema_extra={"format": "uuid"})]
ClaimId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{2,127}$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=20_000)]
Language = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$")]
Address = Annotated[str, StringConstraints(pattern=_ADDRESS), Field(json_schema_extra={"format": "uri"})]
Uri = Annotated[str, StringConstraints(pattern=_URI), Field(json_schema_extra={"format": "uri"})]
UriReference = Annotated[
    str, StringConstraints(pattern=_URI_REFERENCE), Field(json_schema_extra={"format": "uri-reference"})
]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Percent = Annotated[int, Field(ge=0, le=100)]
Grade = Annotated[Literal[1, 2, 3, 4, 5, 6], BeforeValidator(_check_integer)]
SchemaVersion = Annotated[Literal[1], BeforeValidator(_check_integer)]
Count = Annotated[int, Field(ge=1, le=MAX_INTEGER)]
Labels = Annotated[tuple[str, ...], AfterValidator(_forbid_repeats)]
Origin = Annotated[
    dict[str, Annotated[str, StringConstraints(max_length=500)]],
    Field(max_length=16, description="Where an imported event came from: data set, row ids, mapping rule."),
    AfterValidator(sort_members),
]
Patch = Annotated[
    dict[str, JsonValue],
    Field(description="RFC 7396 merge patch over occurred_at, occurred_basis, occurred_text and data."),
    AfterValidator(sort_members),
]
Classification = Literal["public", "internal", "confidential"]
OccurredBasis = Literal["stated", "publication", "url", "inferred", "snapshot", "unknown"]
Certainty = Literal["certain", "somewhat_certain", "uncertain", "unspecified"]
PartyKind = Literal[
    "person",
    "organisation",
    "outlet",
    "government",
    "collective",
    "anonymous",
    "social_account",
    "document",
    "unknown",
]
Basis = Literal[
    "first_hand",
    "named_source",
    "anonymous_source",
    "official_statement",
    "document",
    "physical_evidence",
    "media",
    "url_cited",
    "other_report",
    "reasoning",
    "none",
    "unspecified",
]
Bases = Annotated[tuple[Basis, ...], Field(json_schema_extra={"minItems": 1}), AfterValidator(_forbid_repeats)]
AssessorKind = Literal[
    "newsroom",
    "fact_checker",
    "government",
    "intelligence",
    "military",
    "international_body",
    "academic",
    "ngo",
    "court",
    "company",
    "other",
]


_NAMED_KINDS = frozenset({"person", "outlet", "organisation"})


class Party(Value):
    """Who spoke. An anonymous party is described, never named: the ledger does not hold who it was."""

    count: Count | None = None
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] | None = None
    description: str | None = None
    id: Uri | None = None
    kind: PartyKind = "unknown"
    name: str | None = None
    organisation: str | None = None
    plural: bool | None = None
    role: str | None = None

    @model_validator(mode="after")
    def _check_kind(self) -> Self:
        if self.kind == "anonymous":
            if self.name is not None or self.id is not None:
                raise PydanticCustomError("anonymous_named", "an anonymous party has no name and no id")
            if self.description is None:
                raise PydanticCustomError("anonymous_described", "an anonymous party needs a description")
        elif self.kind in _NAMED_KINDS and self.name is None and self.role is None:
            raise PydanticCustomError("party_unnamed", "a {kind} needs a name or a role", {"kind": self.kind})
        elif self.name is None and "kind" not in self.model_fields_set:
            raise PydanticCustomError("party_kind", "a party without a name needs a kind")
        return self

    @property
    def key(self) -> str | None:
        """What tells one origin from another: name, else organisation, role, description."""
        return self.name or self.organisation or self.role or self.description


class Hop(Value):
    """One step of an attribution: who passed the statement on."""

    date: FuzzyTime | None = None
    date_text: str | None = None
    inferred: bool | None = None
    party: Party
    title: str | None = None
    url: Address | None = None
    verb: str | None = None


Attribution = Annotated[
    tuple[Hop, ...],
    Field(
        max_length=16,
        json_schema_extra={"minItems": 1},
        description="From the hop nearest to the ledger to the origin.",
    ),
]


class Wording(Value):
    """The words themselves, quoted or paraphrased."""

    language: Language = "und"
    paraphrase: Text | None = None
    quote: Text | None = None
    quote_is_translation: bool | None = None

    @model_validator(mode="after")
    def _check_words(self) -> Self:
        if self.quote is None and self.paraphrase is None:
            raise PydanticCustomError("wording_empty", "a wording needs a quote or a paraphrase")
        return self


class Publication(Value):
    """Where the statement was published."""

    accessed_at: FuzzyTime | None = None
    archive_url: Address | None = None
    content_sha256: Sha256 | None = None
    outlet: str | None = None
    published_at: FuzzyTime | None = None
    title: str | None = None
    url: Address | None = None


class ClaimText(Value):
    """What is claimed: the text that readers are shown as the claim."""

    entities: Labels | None = None
    event_time: FuzzyTime | None = None
    kind: Literal["factual", "statistic", "prediction", "conditional", "opinion", "quote", "media"] = "factual"
    language: Language = "und"
    location: str | None = None
    same_as: tuple[Uri, ...] | None = None
    tags: Labels | None = None
    text: Annotated[str, StringConstraints(min_length=3, max_length=2000)]
    topics: Labels | None = None


class SourceRating(Value):
    """The Admiralty code: reliability of the source A to F, credibility of what it said 1 to 6."""

    credibility: Grade
    reliability: Literal["A", "B", "C", "D", "E", "F"]
    scheme: Literal["admiralty"]


class Likelihood(Value):
    """A likelihood in the assessor's own words, and the percentages it is read as."""

    band: (
        Literal[
            "almost_no_chance", "very_unlikely", "unlikely", "roughly_even", "likely", "very_likely", "almost_certain"
        ]
        | None
    ) = None
    high_percent: Percent
    low_percent: Percent
    scale: Literal["icd203", "phia", "numeric", "unscaled"]
    term: str


class Evidence(Value):
    """A document, image or object that bears on the claim."""

    archive_url: Address | None = None
    captured_at: FuzzyTime | None = None
    credit: str | None = None
    description: Text
    evidence_id: str
    found_by: Party | None = None
    kind: Literal[
        "document", "image", "video", "audio", "physical", "satellite", "data", "testimony", "web_page", "other"
    ]
    location: str | None = None
    media_type: str | None = None
    provenance_note: str | None = None
    sha256: Sha256 | None = None
    url: Address | None = None

"""What each type of event says: the models of its `data`, with their defaults filled in."""

from typing import Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from domain.values import (
    AssessorKind,
    Attribution,
    Bases,
    Basis,
    Certainty,
    ClaimId,
    ClaimText,
    Classification,
    Count,
    EventId,
    Evidence,
    Hop,
    Instant,
    Likelihood,
    Origin,
    Party,
    Patch,
    Percent,
    Publication,
    SourceRating,
    Text,
    Value,
    Wording,
)

Verdict = Literal[
    "true",
    "mostly_true",
    "supported",
    "mixed",
    "misleading",
    "out_of_context",
    "satire",
    "unproven",
    "unverified",
    "not_checkable",
    "mostly_false",
    "false",
    "fabricated",
]


class Said(Value):
    """What somebody said: the members that assertions and declined comments share."""

    speaker: Party
    claim: ClaimText | None = None
    wording: Wording | None = None
    attribution: Attribution | None = None
    publication: Publication | None = None
    note: str | None = None
    import_: Origin | None = Field(default=None, alias="import")

    @model_validator(mode="after")
    def _fill_attribution(self) -> Self:
        # Filled in before anyone has seen the value: a copy would cost as much as parsing it.
        if self.attribution is None:
            self.__dict__["attribution"] = (Hop(party=self.speaker),)
        return self


class Report(Said):
    """A statement that the claim is so."""

    stance: Literal["affirms", "relays"] = "affirms"
    certainty: Certainty | None = None
    basis: Bases = ("unspecified",)
    source_rating: SourceRating | None = None
    evidence_ids: tuple[str, ...] | None = None

    @model_validator(mode="after")
    def _fill_wording(self) -> Self:
        if self.wording is None and self.claim is not None:
            self.__dict__["wording"] = Wording(paraphrase=self.claim.text, language=self.claim.language)
        return self


class Denial(Said):
    """A statement that the claim is not so, by a party."""

    scope: Literal["full", "partial", "general"] = "full"
    directness: Literal["direct", "by_implication", "relayed"] = "direct"
    relation: Literal["subject", "ally", "third_party", "unknown"] = "unknown"
    certainty: Certainty | None = None
    basis: tuple[Basis, ...] | None = None
    source_rating: SourceRating | None = None
    evidence_ids: tuple[str, ...] | None = None
    target_event_ids: tuple[EventId, ...] | None = None


class Assessment(Said):
    """A statement that weighs the claim, by a verdict, a likelihood or both."""

    assessor_kind: AssessorKind = "other"
    verdict: Verdict | None = None
    likelihood: Likelihood | None = None
    confidence: Literal["low", "moderate", "high"] | None = None
    decisive: bool = False
    rationale: str | None = None
    method: str | None = None
    supersedes_event_id: EventId | None = None
    evidence_ids: tuple[str, ...] | None = None

    @model_validator(mode="after")
    def _check_outcome(self) -> Self:
        if self.verdict is None and self.likelihood is None:
            raise PydanticCustomError("assessment_empty", "an assessment needs a verdict or a likelihood")
        return self


class Confirmation(Said):
    """A statement that the claim is established."""

    confirmer_kind: AssessorKind = "other"
    basis: Literal[
        "admission",
        "official_record",
        "physical_evidence",
        "first_hand_observation",
        "independent_sources",
        "independent_verification",
        "court_finding",
        "unspecified",
    ] = "unspecified"
    scope: Literal["full", "partial"] = "full"
    scope_note: str | None = None
    independent_sources: Count | None = None
    evidence_ids: tuple[str, ...] | None = None


class DeclinedComment(Said):
    """An answer that neither confirms nor denies, or none at all."""

    response: Literal["declined", "no_information", "no_response", "neither_confirm_nor_deny"]
    asked_by: str | None = None


class Attachment(Value):
    """Evidence, and how it bears on the claim."""

    evidence: Evidence
    bearing: Literal["supports", "refutes", "neutral", "unknown"]
    for_event_id: EventId | None = None
    attribution: Attribution | None = None
    publication: Publication | None = None
    note: str | None = None
    import_: Origin | None = Field(default=None, alias="import")


class Targeted(Value):
    """What is said of an earlier event of the claim."""

    target_event_id: EventId


class Correction(Targeted):
    """A merge patch over what an earlier event says; the event stays as it was."""

    patch: Patch
    reason: Text
    reason_kind: Literal[
        "typo", "misattribution", "mistranslation", "misquote", "wrong_date", "outlet_correction", "other"
    ]
    publication: Publication | None = None


class Retraction(Targeted):
    """Takes an earlier event out of the standing; it stays in the history."""

    reason: Text
    reason_kind: Literal[
        "outlet_retracted",
        "speaker_withdrew",
        "entered_in_error",
        "wrong_claim",
        "duplicate",
        "legal",
        "source_protection",
    ]
    publication: Publication | None = None


class Erasure(Targeted):
    """Destroys the bytes of an earlier event; its digest and every proof stay."""

    reason: Text
    reason_kind: Literal["legal", "source_protection", "personal_data", "entered_in_error"]


class Reclassification(Targeted):
    """Changes who may read an earlier event; an embargo of null lifts it."""

    classification: Classification | None = None
    embargo_until: Instant | None = None
    reason: Text

    @model_validator(mode="after")
    def _check_change(self) -> Self:
        if self.classification is None and "embargo_until" not in self.model_fields_set:
            raise PydanticCustomError("reclassification_empty", "give a classification, an embargo_until or both")
        return self


class Link(Value):
    """A relation of this claim to another; it never changes a standing."""

    target_claim_id: ClaimId
    relation: Literal[
        "duplicate_of",
        "restates",
        "narrower_than",
        "broader_than",
        "presupposes",
        "implies",
        "contradicts",
        "evidence_for",
        "context_for",
        "supersedes",
        "related_to",
    ]
    state: Literal["suggested", "confirmed", "rejected"] = "confirmed"
    note: str | None = None
    import_: Origin | None = Field(default=None, alias="import")
    score_percent: Percent | None = None

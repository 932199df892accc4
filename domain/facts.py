"""What the standing takes from an event: small, flat, and enough to fold the claim again."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

from domain.audience import Visibility, visibility
from domain.content import Assessment, Report, Said
from domain.events import (
    ClaimAssessed,
    ClaimConfirmed,
    ClaimDenied,
    ClaimLinked,
    ClaimReported,
    Event,
    EventRetracted,
    EvidenceAttached,
    Tombstone,
    target_of,
)
from domain.leaning import Leaning, leaning_of
from domain.sharing import shared
from domain.times import parse_fuzzy, parse_instant
from domain.values import Attribution, ClaimText, Likelihood

ASSERTIONS = frozenset({"ClaimReported", "ClaimDenied", "ClaimAssessed", "ClaimConfirmed"})
COUNTED = ASSERTIONS | {"ClaimCommentDeclined", "EvidenceAttached", "ClaimLinked"}
"""What a standing is made of, and what it counts as retracted."""


class Name(NamedTuple):
    """A name that stands in an event, and whose it is."""

    kind: Literal["speaker", "outlet"]
    name: str | None


@dataclass(slots=True, kw_only=True)
class Fact:
    """One event as the standing sees it. Instants are microseconds since 1970. Never changed once made.

    Not a frozen dataclass: those set every field through `object.__setattr__`, at four times the cost.
    """

    event_id: str
    type: str
    version: int
    position: int
    recorded_us: int
    visibility: Visibility
    earliest_us: int
    latest_us: int
    is_dated: bool
    target: str | None = None
    is_erased: bool = False
    claim: ClaimText | None = None
    is_affirming: bool = False
    outlet: str | None = None
    speaker: str | None = None
    origin: str | None = None
    is_anonymous: bool = False
    is_direct: bool = False
    is_full: bool = False
    leaning: Leaning | None = None
    is_decisive: bool = False
    verdict: str | None = None
    likelihood: Likelihood | None = None
    supersedes: str | None = None
    bearing: str | None = None
    withdraws: bool = False
    link: tuple[str, str, str] | None = None

    @property
    def names(self) -> tuple[Name, ...]:
        """Who speaks, and which outlet reports: by what lists can be narrowed."""
        # Asked of every event twice: so no loop.
        speakers = () if self.speaker is None else (Name("speaker", self.speaker),)
        is_carried = self.outlet is not None and self.type == "ClaimReported"
        return (*speakers, Name("outlet", self.outlet)) if is_carried else speakers

    @property
    def sources(self) -> tuple[Name, ...]:
        """Whose report or denial it is, and which outlet carries it; empty of all other events."""
        if self.type not in ("ClaimReported", "ClaimDenied"):
            return ()
        speakers = () if self.speaker is None else (Name("speaker", self.speaker),)
        return speakers if self.outlet is None else (*speakers, Name("outlet", self.outlet))


def fact_of(event: Event | Tombstone, position: int) -> Fact:
    """Return what the standing takes from a recorded event at its position in the ledger."""
    recorded_us = _parse_recorded(event.recorded_at or "")
    fact = Fact(
        event_id=event.event_id or "",
        type=event.type,
        version=event.claim_version or 0,
        position=position,
        recorded_us=recorded_us,
        visibility=visibility(event.classification, event.embargo_until, recorded_us),
        earliest_us=recorded_us,
        latest_us=recorded_us,
        is_dated=False,
        target=target_of(event),
        is_erased=isinstance(event, Tombstone),
    )
    if not isinstance(event, Tombstone):
        _note_occurrence(fact, event)
        _note_said(fact, event)
        _note_content(fact, event)
    return fact


@lru_cache(maxsize=64)
def _parse_recorded(recorded_at: str) -> int:
    return parse_instant(recorded_at)  # a batch has one instant, a correction asks for it again


def _note_occurrence(fact: Fact, event: Event) -> None:
    if event.occurred_at is not None:
        fact.earliest_us, fact.latest_us = parse_fuzzy(event.occurred_at)
        fact.is_dated = True


def _note_said(fact: Fact, event: Event) -> None:
    if isinstance(event.data, Said):
        fact.claim, fact.speaker = event.data.claim, _shared(event.data.speaker.name)


def _note_content(fact: Fact, event: Event) -> None:
    if isinstance(event, ClaimReported):
        _note_report(fact, event.data)
    elif isinstance(event, ClaimAssessed):
        _note_assessment(fact, event.data)
    elif isinstance(event, ClaimDenied):
        fact.is_direct = event.data.directness != "by_implication"
        fact.outlet = _shared(_outlet(event.data, event.data.attribution or ()))
    elif isinstance(event, ClaimConfirmed):
        fact.is_full = event.data.scope == "full"
    elif isinstance(event, EvidenceAttached):
        fact.bearing = event.data.bearing
    elif isinstance(event, EventRetracted):
        fact.withdraws = event.data.reason_kind in ("outlet_retracted", "speaker_withdrew")
    elif isinstance(event, ClaimLinked):
        fact.link = (event.data.target_claim_id, event.data.relation, event.data.state)


def _note_report(fact: Fact, report: Report) -> None:
    attribution = report.attribution or ()
    last = attribution[-1].party
    fact.is_affirming = report.stance == "affirms"
    fact.is_anonymous = last.kind == "anonymous"
    named = (hop.party.key for hop in reversed(attribution) if hop.party.kind != "anonymous")
    fact.origin = _shared(next(named, None) if fact.is_anonymous else last.key)
    fact.outlet = _shared(_outlet(report, attribution))


def _shared(name: str | None) -> str | None:
    return None if name is None else shared(name)


def _outlet(said: Said, attribution: Attribution) -> str | None:
    for hop in reversed(attribution):
        if hop.party.kind == "outlet":
            return hop.party.name
    return said.publication.outlet if said.publication else None


def _note_assessment(fact: Fact, assessment: Assessment) -> None:
    fact.leaning = leaning_of(assessment)
    fact.is_decisive = assessment.decisive and fact.leaning == "refutes"
    fact.verdict = assessment.verdict
    fact.likelihood = assessment.likelihood
    fact.supersedes = assessment.supersedes_event_id

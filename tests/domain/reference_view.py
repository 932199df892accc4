"""What one reader sees of a claim at a cut, as corrected, and what of it is effective."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from .reference_content import Event, corrected_once
from .reference_times import Occurrence, instant, occurrence

IsValid = Callable[[Event], bool]

ASSERTIONS = ("ClaimReported", "ClaimDenied", "ClaimAssessed", "ClaimConfirmed")
STATED = (*ASSERTIONS, "ClaimCommentDeclined", "EvidenceAttached", "ClaimLinked")
RANKS = {"public": 0, "internal": 1, "confidential": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What one reader sees of a claim at a cut, in ledger order, and what is erased for all."""

    seen: tuple[Event, ...]
    erased: frozenset[str]
    is_valid: IsValid


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A statement, declined comment, evidence or link as corrected for one reader."""

    event_id: str
    type: str
    data: Event
    at: Occurrence
    recorded_at: datetime


def view_of(
    events: Iterable[Event],
    known_at: str | None,
    position: int | None,
    audience: int,
    is_valid: IsValid,
) -> View:
    """Return what the reader sees now of the events recorded within the cut."""
    ledger = in_ledger_order(events)
    seen = [event for event in visible(ledger, audience) if is_known(event, known_at, position)]
    return View(seen=tuple(seen), erased=erased_ids(ledger), is_valid=is_valid)


def in_ledger_order(events: Iterable[Event]) -> list[Event]:
    """Return the events by claim version, which is their place in the list where it is missing."""
    numbered: list[Event] = [{"claim_version": place, **event} for place, event in enumerate(events, 1)]
    return sorted(numbered, key=lambda event: event["claim_version"])


def is_known(event: Event, known_at: str | None, position: int | None) -> bool:
    """Return whether the event was recorded at or before the cut."""
    if known_at is not None and instant(event["recorded_at"]) > instant(known_at):
        return False
    place: int = event.get("position") or event["claim_version"]
    return position is None or place <= position


def visible(events: Iterable[Event], audience: int) -> list[Event]:
    """Return the events that the audience may read now, in ledger order."""
    ledger = in_ledger_order(events)
    return [event for event in ledger if audience_of(event, ledger) <= audience]


def audience_of(event: Event, ledger: Sequence[Event]) -> int:
    """Return the lowest audience that may read the event, after every reclassification of it."""
    rank = RANKS[event.get("classification", "public")]
    embargoed = is_embargo(event.get("embargo_until"), event["recorded_at"])
    for change in ledger:
        if change["type"] == "EventReclassified" and target_of(change) == event["event_id"]:
            data = change["data"]
            rank = RANKS[data["classification"]] if "classification" in data else rank
            if "embargo_until" in data:
                embargoed = is_embargo(data["embargo_until"], change["recorded_at"])
    return max(rank, 1 if embargoed else 0)


def is_embargo(until: str | None, recorded_at: str) -> bool:
    """Return whether an embargo had any effect when it was recorded."""
    return until is not None and instant(until) > instant(recorded_at)


def erased_ids(ledger: Sequence[Event]) -> frozenset[str]:
    """Return the ids of all erased events: at every cut, and for every audience."""
    return frozenset(target_of(event) for event in ledger if event["type"] == "EventErased")


def target_of(event: Event) -> str:
    """Return the id of the event that this one targets; an erased one keeps it beside its data."""
    return str((event.get("data") or event)["target_event_id"])


def retractions_in_force(view: View) -> list[Event]:
    """Return the retractions that are not retracted themselves: an erased one still holds."""
    retractions = [event for event in view.seen if event["type"] == "EventRetracted"]
    return [event for event in retractions if not is_retracted(view, event)]


def is_retracted(view: View, event: Event) -> bool:
    """Return whether a retraction of the event holds: one that is not retracted in its turn."""
    return any(
        target_of(retraction) == event["event_id"] and not is_retracted(view, retraction)
        for retraction in view.seen
        if retraction["type"] == "EventRetracted"
    )


def corrections_in_force(view: View) -> list[Event]:
    """Return the corrections that are neither retracted nor erased, in ledger order."""
    corrections = [event for event in view.seen if event["type"] == "EventCorrected"]
    kept = [event for event in corrections if event["event_id"] not in view.erased]
    return [event for event in kept if not is_retracted(view, event)]


def corrected(view: View, event: Event) -> Event:
    """Return the event with its corrections applied in turn, less those that make it invalid."""
    for correction in corrections_in_force(view):
        if target_of(correction) == event["event_id"]:
            candidate = corrected_once(event, correction["data"]["patch"])
            event = candidate if view.is_valid(candidate) else event
    return event


def statement_of(view: View, event: Event) -> Statement:
    """Return the event as corrected, and when it occurred."""
    told = corrected(view, event)
    recorded_at = instant(event["recorded_at"])
    return Statement(
        event_id=event["event_id"],
        type=event["type"],
        data=told["data"],
        at=occurrence(told.get("occurred_at"), recorded_at),
        recorded_at=recorded_at,
    )


def effective_statements(view: View, by: datetime | None) -> list[Statement]:
    """Return what is neither retracted nor erased and occurred at or before the valid_at cut."""
    stated = [event for event in view.seen if event["type"] in STATED]
    kept = [event for event in stated if event["event_id"] not in view.erased]
    told = [statement_of(view, event) for event in kept if not is_retracted(view, event)]
    return [statement for statement in told if has_occurred(statement, by)]


def has_occurred(statement: Statement, by: datetime | None) -> bool:
    """Return whether the earliest occurrence is at or before the valid_at cut."""
    return by is None or statement.at.earliest <= by


def without_superseded(effective: Sequence[Statement]) -> list[Statement]:
    """Return the effective statements less the assessments that an effective one supersedes."""
    assessments = [one for one in effective if one.type == "ClaimAssessed"]
    superseded = {one.data.get("supersedes_event_id") for one in assessments}
    dropped = {one.event_id for one in assessments if one.event_id in superseded}
    return [statement for statement in effective if statement.event_id not in dropped]

"""The standing of a claim straight from the page on events: slow, obvious, independent.

One small function a rule, over the stored events of one claim as plain dicts. The fast fold is
compared with it, so nothing here is optimised, and nothing is imported from the project.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from .reference_content import Event
from .reference_sources import is_anonymous, source_counts
from .reference_times import DAY, certainly_later, instant, rfc3339
from .reference_view import (
    ASSERTIONS,
    STATED,
    IsValid,
    Statement,
    View,
    corrected,
    corrections_in_force,
    effective_statements,
    has_occurred,
    is_retracted,
    retractions_in_force,
    statement_of,
    target_of,
    view_of,
    visible,
    without_superseded,
)

__all__ = ["always", "claim_shown", "standing", "visible"]

Standing = Event

LIKELY_PERCENT, UNLIKELY_PERCENT = 55, 45
WITHDRAWING = ("outlet_retracted", "speaker_withdrew")
LEANINGS = {
    "supports": ("true", "mostly_true", "supported"),
    "refutes": ("false", "mostly_false", "fabricated"),
    "mixed": ("mixed", "misleading", "out_of_context", "satire"),
    "neutral": ("unproven", "unverified", "not_checkable"),
}


def always(_event: Event) -> bool:
    """Return that any corrected event is valid."""
    return True


def standing(
    events: Iterable[Event],
    *,
    known_at: str | None = None,
    valid_at: str | None = None,
    position: int | None = None,
    audience: int = 2,
    is_valid: IsValid = always,
) -> Standing:
    """Return where the claim stands for a reader of that audience, as in the expected answers.

    `events` are all the claim's stored events, in any order; of an erased one the content is not
    looked at. `is_valid` is asked about each corrected event, whole, before its correction counts.
    """
    view = view_of(events, known_at, position, audience, is_valid)
    by = None if valid_at is None else instant(valid_at)
    effective = without_superseded(effective_statements(view, by))
    return {
        "status": status(view, by, effective),
        "contested": contested(effective),
        "leaning": leaning_counts(effective),
        "likelihood": latest_likelihood(effective),
        "verdict": latest_verdict(effective),
        "partially_confirmed": partially_confirmed(effective),
        "overturned": overturned(effective),
        "repeated_after_refutation": repeated_after_refutation(effective),
        "counts": counts(view, effective),
        "anonymous_only": anonymous_only(effective),
        **span(effective),
        "late_arrivals": late_arrivals(effective),
    }


def claim_shown(
    events: Iterable[Event],
    *,
    known_at: str | None = None,
    position: int | None = None,
    audience: int = 2,
    is_valid: IsValid = always,
) -> Event | None:
    """Return the `data.claim` that the reader is shown as the claim: text, language, kind, tags."""
    view = view_of(events, known_at, position, audience, is_valid)
    stated = [event for event in view.seen if event["type"] in STATED]
    told = [event for event in stated if event["event_id"] not in view.erased]
    claims = [corrected(view, event)["data"].get("claim") for event in told]
    return next((claim for claim in claims if claim), None)


def of_type(effective: Sequence[Statement], *types: str) -> list[Statement]:
    """Return the effective statements of these types."""
    return [statement for statement in effective if statement.type in types]


def leaning(assessment: Event) -> str:
    """Return which way the data of an assessment leans: by its verdict, with no verdict by its likelihood."""
    if "verdict" in assessment:
        verdict = assessment["verdict"]
        return next(name for name, verdicts in LEANINGS.items() if verdict in verdicts)
    likelihood = assessment.get("likelihood", {})
    if likelihood.get("low_percent", 0) >= LIKELY_PERCENT:
        return "supports"
    return "refutes" if likelihood.get("high_percent", 100) <= UNLIKELY_PERCENT else "neutral"


def leaning_to(effective: Sequence[Statement], *leanings: str) -> list[Statement]:
    """Return the effective assessments that lean one of these ways."""
    return [one for one in of_type(effective, "ClaimAssessed") if leaning(one.data) in leanings]


def leaning_counts(effective: Sequence[Statement]) -> dict[str, int]:
    """Return how many effective assessments lean which way."""
    return {name: len(leaning_to(effective, name)) for name in LEANINGS}


def confirmations(effective: Sequence[Statement], scope: str) -> list[Statement]:
    """Return the effective confirmations of this scope, full or partial."""
    return [one for one in of_type(effective, "ClaimConfirmed") if one.data["scope"] == scope]


def refutations(effective: Sequence[Statement]) -> list[Statement]:
    """Return the effective findings against: refuting assessments that are decisive."""
    return [one for one in leaning_to(effective, "refutes") if one.data["decisive"]]


def not_overridden(findings: list[Statement], opposites: list[Statement]) -> list[Statement]:
    """Return the findings that no opposite finding is certainly later than."""
    return [
        finding for finding in findings if not any(certainly_later(opposite.at, finding.at) for opposite in opposites)
    ]


def standing_for(effective: Sequence[Statement]) -> list[Statement]:
    """Return the full confirmations that stand."""
    return not_overridden(confirmations(effective, "full"), refutations(effective))


def standing_against(effective: Sequence[Statement]) -> list[Statement]:
    """Return the decisive refutations that stand."""
    return not_overridden(refutations(effective), confirmations(effective, "full"))


def overturned(effective: Sequence[Statement]) -> bool:
    """Return whether a finding was overridden."""
    findings = confirmations(effective, "full") + refutations(effective)
    return len(standing_for(effective) + standing_against(effective)) < len(findings)


def status(view: View, by: datetime | None, effective: Sequence[Statement]) -> str:
    """Return the first status that applies."""
    fors, againsts = standing_for(effective), standing_against(effective)
    weighed = of_type(effective, "ClaimAssessed") + confirmations(effective, "partial")
    rules = {
        "withdrawn": not of_type(effective, *ASSERTIONS) and is_withdrawn(view, by),
        "unreported": not of_type(effective, *ASSERTIONS),
        "disputed": fors and againsts,
        "confirmed": fors,
        "refuted": againsts,
        "assessed": weighed,
        "denied": of_type(effective, "ClaimDenied"),
        "reported": True,
    }
    return next(name for name, applies in rules.items() if applies)


def is_withdrawn(view: View, by: datetime | None) -> bool:
    """Return whether an assertion that had occurred is out because its maker took it back."""
    taken_back = {
        target_of(retraction)
        for retraction in retractions_in_force(view)
        if retraction["event_id"] not in view.erased and retraction["data"]["reason_kind"] in WITHDRAWING
    }
    return any(
        has_occurred(statement_of(view, event), by)
        for event in view.seen
        if event["type"] in ASSERTIONS and event["event_id"] in taken_back and event["event_id"] not in view.erased
    )


def contested(effective: Sequence[Statement]) -> bool:
    """Return whether something speaks against where the claim stands."""
    fors, againsts = standing_for(effective), standing_against(effective)
    denials = of_type(effective, "ClaimDenied")
    if fors and againsts:
        return True
    if fors:
        return any_later_than_all(denials + leaning_to(effective, "refutes", "mixed"), fors)
    if againsts:
        confirming = of_type(effective, "ClaimConfirmed")
        return any_later_than_all(leaning_to(effective, "supports") + confirming, againsts)
    return has_both_sides(effective)


def any_later_than_all(later: list[Statement], findings: list[Statement]) -> bool:
    """Return whether one of them is certainly later than every one of the findings."""
    return any(all(certainly_later(one.at, finding.at) for finding in findings) for one in later)


def has_both_sides(effective: Sequence[Statement]) -> bool:
    """Return whether one event speaks for the claim and another against it."""
    told_for = of_type(effective, "ClaimReported", "ClaimConfirmed")
    told_for += leaning_to(effective, "supports", "mixed")
    told_against = of_type(effective, "ClaimDenied") + leaning_to(effective, "refutes", "mixed")
    return any(one.event_id != other.event_id for one in told_for for other in told_against)


def latest_likelihood(effective: Sequence[Statement]) -> Event | None:
    """Return the likelihood of the latest assessment that has one, with its event id."""
    latest = latest_with("likelihood", effective)
    return {**latest.data["likelihood"], "event_id": latest.event_id} if latest else None


def latest_verdict(effective: Sequence[Statement]) -> Event | None:
    """Return the verdict of the latest assessment that has one, with its event id."""
    latest = latest_with("verdict", effective)
    return {"value": latest.data["verdict"], "event_id": latest.event_id} if latest else None


def latest_with(member: str, effective: Sequence[Statement]) -> Statement | None:
    """Return the latest assessment that has the member: by latest, earliest, then event id."""
    having = [one for one in of_type(effective, "ClaimAssessed") if member in one.data]
    having.sort(key=lambda one: (one.at.latest, one.at.earliest, one.event_id))
    return having[-1] if having else None


def partially_confirmed(effective: Sequence[Statement]) -> bool:
    """Return whether there are confirmations, and only partial ones."""
    return bool(confirmations(effective, "partial")) and not confirmations(effective, "full")


def affirming(effective: Sequence[Statement]) -> list[Statement]:
    """Return the reports that say so themselves."""
    return [one for one in of_type(effective, "ClaimReported") if one.data["stance"] == "affirms"]


def repeated_after_refutation(effective: Sequence[Statement]) -> int:
    """Return how many reports affirm what was refuted before, while a refutation stands."""
    if not standing_against(effective):
        return 0
    first = min(refutations(effective), key=lambda one: one.at.latest)
    return sum(certainly_later(report.at, first.at) for report in affirming(effective))


def counts(view: View, effective: Sequence[Statement]) -> dict[str, int]:
    """Return the counts that stand beside the status."""
    reports = of_type(effective, "ClaimReported")
    denials = of_type(effective, "ClaimDenied")
    bearings = [one.data["bearing"] for one in of_type(effective, "EvidenceAttached")]
    return {
        "reports": len(reports),
        "reports_affirming": len(affirming(effective)),
        "denials": len(denials),
        "denials_direct": sum(one.data["directness"] != "by_implication" for one in denials),
        "assessments": len(of_type(effective, "ClaimAssessed")),
        "confirmations": len(of_type(effective, "ClaimConfirmed")),
        "declined": len(of_type(effective, "ClaimCommentDeclined")),
        "evidence_supporting": bearings.count("supports"),
        "evidence_refuting": bearings.count("refutes"),
        **source_counts([one.data for one in reports]),
        "corrections": len(corrections_in_force(view)),
        "retracted": len(taken_out(view)),
    }


def taken_out(view: View) -> list[Event]:
    """Return the statements, declined comments, evidence and links retracted or erased."""
    stated = [event for event in view.seen if event["type"] in STATED]
    return [one for one in stated if one["event_id"] in view.erased or is_retracted(view, one)]


def anonymous_only(effective: Sequence[Statement]) -> bool:
    """Return whether there are reports, all of anonymous origin, and no confirmation."""
    origins = [is_anonymous(report.data) for report in of_type(effective, "ClaimReported")]
    return bool(origins) and all(origins) and not of_type(effective, "ClaimConfirmed")


def span(effective: Sequence[Statement]) -> dict[str, str | None]:
    """Return when the first effective assertion began and the last one ended."""
    times = [one.at for one in of_type(effective, *ASSERTIONS)]
    return {
        "first_occurred": rfc3339(min(at.earliest for at in times)) if times else None,
        "last_occurred": rfc3339(max(at.latest for at in times)) if times else None,
    }


def late_arrivals(effective: Sequence[Statement]) -> int:
    """Return how many dated assertions were recorded over a day after they had occurred."""
    dated = [one for one in of_type(effective, *ASSERTIONS) if one.at.dated]
    return sum(one.recorded_at - one.at.latest > DAY for one in dated)

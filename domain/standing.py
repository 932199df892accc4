"""Where a claim stands: status, contested and what stands beside them, by the rules of the house."""

from dataclasses import dataclass
from typing import Literal, NotRequired, TypedDict

from domain.tally import FOREVER, NEVER, Tally
from domain.times import format_brief
from domain.values import Likelihood

Status = Literal["unreported", "reported", "denied", "assessed", "confirmed", "refuted", "disputed", "withdrawn"]


class Leanings(TypedDict):
    """How many effective assessments lean which way."""

    supports: int
    refutes: int
    mixed: int
    neutral: int


class LastLikelihood(TypedDict):
    """The last assessor's likelihood, and the event that gives it."""

    term: str
    scale: str
    band: NotRequired[str]
    low_percent: int
    high_percent: int
    event_id: str


class LastVerdict(TypedDict):
    """The last assessor's verdict, and the event that gives it."""

    value: str
    event_id: str


class Counts(TypedDict):
    """How many of each, as far as they are effective."""

    reports: int
    reports_affirming: int
    denials: int
    denials_direct: int
    assessments: int
    confirmations: int
    declined: int
    evidence_supporting: int
    evidence_refuting: int
    outlets: int
    named_origins: int
    anonymous_origins: int
    corrections: int
    retracted: int


class Standing(TypedDict):
    """Where a claim stands for one audience."""

    status: Status
    contested: bool
    leaning: Leanings
    likelihood: LastLikelihood | None
    verdict: LastVerdict | None
    partially_confirmed: bool
    overturned: bool
    repeated_after_refutation: int
    counts: Counts
    anonymous_only: bool
    first_occurred: str | None
    last_occurred: str | None
    late_arrivals: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What the standing says of the events that are not effective, and of corrections."""

    corrections: int = 0
    retracted: int = 0
    is_withdrawn: bool = False


def status_of(tally: Tally, outside: Outside) -> tuple[Status, bool]:
    """Return the status, and whether it is contested."""
    confirms, refutes = _stands_confirmed(tally), _stands_refuted(tally)
    return _status(tally, outside, confirms, refutes), _is_contested(tally, confirms, refutes)


def standing_of(tally: Tally, outside: Outside) -> Standing:
    """Return the standing of the effective events that were tallied."""
    counts, reports = tally.counts, tally.counts["ClaimReported"]
    confirmations = counts["ClaimConfirmed"]
    status, contested = status_of(tally, outside)
    return {
        "status": status,
        "contested": contested,
        "leaning": _leanings(tally),
        "likelihood": _last_likelihood(tally.last_likelihood),
        "verdict": _last_verdict(tally.last_verdict),
        "partially_confirmed": confirmations > 0 and not counts["confirmed"],
        "overturned": _is_overturned(tally),
        "repeated_after_refutation": _repeated(tally),
        "counts": _counts(tally, outside),
        "anonymous_only": reports > 0 and counts["anonymous"] == reports and not confirmations,
        "first_occurred": None if tally.first_us == FOREVER else format_brief(tally.first_us),
        "last_occurred": None if tally.last_us == NEVER else format_brief(tally.last_us),
        "late_arrivals": counts["late"],
    }


def _stands_confirmed(tally: Tally) -> bool:
    # A confirmation stands unless some dated refutation is certainly later: the last of them decides.
    return tally.counts["confirmed"] > 0 and tally.confirmed_latest_us >= tally.refuted_earliest_us


def _stands_refuted(tally: Tally) -> bool:
    return tally.counts["decisive"] > 0 and tally.refuted_latest_us >= tally.confirmed_earliest_us


def _is_overturned(tally: Tally) -> bool:
    return (
        tally.confirmed_first_latest_us < tally.refuted_earliest_us
        or tally.refuted_first_latest_us < tally.confirmed_earliest_us
    )


def _repeated(tally: Tally) -> int:
    return tally.affirmed_after(tally.refuted_first_latest_us) if _stands_refuted(tally) else 0


def _status(tally: Tally, outside: Outside, confirms: bool, refutes: bool) -> Status:
    counts = tally.counts
    if confirms:
        return "disputed" if refutes else "confirmed"
    if refutes:
        return "refuted"
    if counts["ClaimAssessed"] or counts["ClaimConfirmed"]:
        return "assessed"
    if counts["ClaimDenied"]:
        return "denied"
    if counts["ClaimReported"]:
        return "reported"
    return "withdrawn" if outside.is_withdrawn else "unreported"


def _is_contested(tally: Tally, confirms: bool, refutes: bool) -> bool:
    if confirms and refutes:
        return True
    if confirms:
        return tally.against_earliest_us > tally.confirmed_latest_us
    if refutes:
        return tally.supporting_earliest_us > tally.refuted_latest_us
    mixed = tally.leanings["mixed"]
    supporting = tally.counts["ClaimReported"] + tally.leanings["supports"] + tally.counts["ClaimConfirmed"]
    against = tally.counts["ClaimDenied"] + tally.leanings["refutes"]
    # A mixed assessment is something for and something against, but does not contest itself.
    return supporting + mixed > 0 and against + mixed > 0 and supporting + against + mixed > 1


def _leanings(tally: Tally) -> Leanings:
    leanings = tally.leanings
    return {
        "supports": leanings["supports"],
        "refutes": leanings["refutes"],
        "mixed": leanings["mixed"],
        "neutral": leanings["neutral"],
    }


def _last_likelihood(found: tuple[str, Likelihood] | None) -> LastLikelihood | None:
    if found is None:
        return None
    event_id, said = found
    last: LastLikelihood = {
        "term": said.term,
        "scale": said.scale,
        "low_percent": said.low_percent,
        "high_percent": said.high_percent,
        "event_id": event_id,
    }
    if said.band is not None:
        last["band"] = said.band
    return last


def _last_verdict(found: tuple[str, str] | None) -> LastVerdict | None:
    return None if found is None else {"value": found[1], "event_id": found[0]}


def _counts(tally: Tally, outside: Outside) -> Counts:
    counts = tally.counts
    return {
        "reports": counts["ClaimReported"],
        "reports_affirming": counts["affirming"],
        "denials": counts["ClaimDenied"],
        "denials_direct": counts["direct"],
        "assessments": counts["ClaimAssessed"],
        "confirmations": counts["ClaimConfirmed"],
        "declined": counts["ClaimCommentDeclined"],
        "evidence_supporting": counts["evidence supports"],
        "evidence_refuting": counts["evidence refutes"],
        "outlets": len(tally.outlets),
        "named_origins": len(tally.named_origins),
        "anonymous_origins": len(tally.anonymous_origins),
        "corrections": outside.corrections,
        "retracted": outside.retracted,
    }

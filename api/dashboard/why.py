"""Why a claim stands as it does: each rule of the standing in words, in the order in which it is asked."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from api.dashboard.words import number

Standing = dict[str, Any]  # Any: a standing as JSON, which the read models have made


# What contests a finding, if it comes certainly later.
_CONTESTING = {
    "confirmed": ("a", "denial or assessment against it", "confirmation"),
    "refuted": ("an", "assessment in its favour or confirmation", "refutation"),
}


@dataclass(frozen=True, slots=True)
class Rung:
    """A rule: the status that it would give, whether it does, and why, or why not."""

    status: str
    applies: bool
    because: str


def explain_status(standing: Standing) -> list[Rung]:
    """Return the rules from the first asked to the one that applies."""
    rungs = []
    for rung in _rungs(standing):
        rungs.append(rung)
        if rung.applies:
            break
    return rungs


def explain_contested(standing: Standing) -> str:
    """Return why a claim is contested beside its status, or is not."""
    status, contested = standing["status"], standing["contested"]
    if status == "disputed":
        return "Contested, as every disputed claim is."
    if status in _CONTESTING:
        article, against, standing_ones = _CONTESTING[status]
        if contested:
            return f"Contested: {article} {against} is certainly later than every {standing_ones} that stands."
        return f"Not contested: no {against} is certainly later than every {standing_ones} that stands."
    if contested:
        return "Contested: somebody speaks for it, and somebody against it."
    if status in ("unreported", "withdrawn"):
        return "Not contested: nobody speaks for it or against it."
    return "Not contested: those who have spoken do not contradict each other."


def list_remarks(standing: Standing) -> list[str]:
    """Return what a reader should know beside the status."""
    return list(_remarks(standing))


def _rungs(standing: Standing) -> Iterator[Rung]:
    status, counts = standing["status"], standing["counts"]
    said = sum(counts[each] for each in ("reports", "denials", "assessments", "confirmations"))
    for nothing, because in (
        ("withdrawn", "all that was said for or against it has been taken back by who said it"),
        ("unreported", "nobody reports, denies, assesses or confirms it"),
    ):
        if status == nothing:
            yield Rung(nothing, True, because)
    yield Rung("unreported", False, f"{number(said, 'statement')} on it {'stands' if said == 1 else 'stand'}")
    yield Rung("disputed", status == "disputed", _disputed(standing))
    yield Rung("confirmed", status == "confirmed", _confirmed(standing))
    yield Rung("refuted", status == "refuted", _refuted(standing))
    yield Rung("assessed", status == "assessed", _assessed(counts))
    yield Rung("denied", status == "denied", number(counts["denials"], "denial") if counts["denials"] else "no denial")
    yield Rung("reported", status == "reported", f"{number(counts['reports'], 'report')}, and nothing else")


def _disputed(standing: Standing) -> str:
    if standing["status"] == "disputed":
        return "a confirmation and a decisive refutation both stand: neither is certainly later than the other"
    return "there are not findings both ways that stand"


def _confirmed(standing: Standing) -> str:
    if standing["status"] == "confirmed":
        return "a full confirmation stands" + _overturning(standing, "an older refutation")
    if standing["partially_confirmed"]:
        return "it is confirmed only in part"
    return "no full confirmation stands" if standing["counts"]["confirmations"] else "nobody has confirmed it"


def _refuted(standing: Standing) -> str:
    if standing["status"] == "refuted":
        return "a decisive refutation stands" + _overturning(standing, "an older confirmation")
    return "no decisive refutation stands"


def _overturning(standing: Standing, what: str) -> str:
    return f", and overrides {what}" if standing["overturned"] else ""


def _assessed(counts: dict[str, int]) -> str:
    if counts["assessments"]:
        return f"{number(counts['assessments'], 'assessment')}, not decisive"
    return "it is confirmed in part" if counts["confirmations"] else "nobody has assessed it"


def _remarks(standing: Standing) -> Iterator[str]:
    counts = standing["counts"]
    if standing["anonymous_only"]:
        yield "Every report of it goes back to unnamed sources."
    if standing["overturned"] and standing["status"] not in ("confirmed", "refuted"):
        yield "A finding on it was overridden by a later one."
    if repeated := standing["repeated_after_refutation"]:
        yield f"Reported {number(repeated, 'time')} more after it was refuted."
    if counts["denials"] > counts["denials_direct"]:
        by_implication = counts["denials"] - counts["denials_direct"]
        yield f"{number(by_implication, 'denial')} by implication only: it was not addressed itself."
    if counts["corrections"]:
        yield f"{number(counts['corrections'], 'correction')}: what was corrected is shown beside what it was."
    if counts["retracted"]:
        yield f"{number(counts['retracted'], 'entry', 'entries')} retracted or erased: shown, and not counted."
    if late := standing["late_arrivals"]:
        yield f"{number(late, 'statement')} recorded over a day after {'it was' if late == 1 else 'they were'} made."

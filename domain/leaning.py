"""Which way an assessment leans, by its verdict, else by its likelihood."""

from typing import Literal

from domain.content import Assessment, Verdict

Leaning = Literal["supports", "refutes", "mixed", "neutral"]

_BY_VERDICT: dict[Verdict, Leaning] = {
    "true": "supports",
    "mostly_true": "supports",
    "supported": "supports",
    "false": "refutes",
    "mostly_false": "refutes",
    "fabricated": "refutes",
    "mixed": "mixed",
    "misleading": "mixed",
    "out_of_context": "mixed",
    "satire": "mixed",
    "unproven": "neutral",
    "unverified": "neutral",
    "not_checkable": "neutral",
}


def leaning_of(assessment: Assessment) -> Leaning:
    """Return the way in which an assessment bears on the claim."""
    if assessment.verdict is not None:
        return _BY_VERDICT[assessment.verdict]
    likelihood = assessment.likelihood
    if likelihood is not None and likelihood.low_percent >= 55:
        return "supports"
    if likelihood is not None and likelihood.high_percent <= 45:
        return "refutes"
    return "neutral"

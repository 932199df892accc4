"""What the page says in words for the names that events and standings use."""

from typing import Final

STATUSES: Final = {
    "unreported": "Unreported",
    "reported": "Reported",
    "denied": "Denied",
    "assessed": "Assessed",
    "confirmed": "Confirmed",
    "refuted": "Refuted",
    "disputed": "Disputed",
    "withdrawn": "Withdrawn",
}

KINDS: Final = {
    "ClaimReported": "Report",
    "ClaimDenied": "Denial",
    "ClaimAssessed": "Assessment",
    "ClaimConfirmed": "Confirmation",
    "ClaimCommentDeclined": "No comment",
    "EvidenceAttached": "Evidence",
    "EventCorrected": "Correction",
    "EventRetracted": "Retraction",
    "EventErased": "Erasure",
    "EventReclassified": "Reclassification",
    "ClaimLinked": "Link",
}

RELATIONS: Final = {
    "duplicate_of": ("is a duplicate of", "has as a duplicate"),
    "restates": ("restates", "is restated by"),
    "narrower_than": ("is narrower than", "is broader than"),
    "broader_than": ("is broader than", "is narrower than"),
    "presupposes": ("presupposes", "is presupposed by"),
    "implies": ("implies", "is implied by"),
    "contradicts": ("contradicts", "is contradicted by"),
    "evidence_for": ("is evidence for", "has as evidence"),
    "context_for": ("is context for", "has as context"),
    "supersedes": ("supersedes", "is superseded by"),
    "related_to": ("is related to", "is related to"),
}

RESPONSES: Final = {
    "declined": "declined to comment",
    "no_information": "said that there was no information to share",
    "no_response": "did not respond",
    "neither_confirm_nor_deny": "would neither confirm nor deny it",
}

# How a date came to be known, where it is not simply stated.
BASES: Final = {
    "publication": "the date of publication",
    "url": "taken from the address",
    "inferred": "inferred",
    "snapshot": "as of a snapshot",
}

COUNTED: Final = {
    "reports": ("report", "reports"),
    "denials": ("denial", "denials"),
    "assessments": ("assessment", "assessments"),
    "confirmations": ("confirmation", "confirmations"),
    "declined": ("declined comment", "declined comments"),
}


def number(count: int, one: str, many: str | None = None) -> str:
    """Return a count with its noun."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def plain(name: str) -> str:
    """Return a name of the ledger's as words: `official_statement` is official statement."""
    return name.replace("_", " ")


def count_up(counts: dict[str, int]) -> str:
    """Return what there is of a claim: 2 reports, 1 denial."""
    return ", ".join(number(counts[name], *words) for name, words in COUNTED.items() if counts[name])


def join(parts: list[str]) -> str:
    """Return a list as a sentence has it: one, two and three."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}" if parts else ""

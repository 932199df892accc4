"""The page of one claim: its text, where it stands and why, and everything that was said, on both clocks."""

from collections.abc import Mapping, Sequence
from typing import Any

from api.dashboard.clocks import draw_clocks, span_of
from api.dashboard.entries import Entry, read_entry
from api.dashboard.render import render
from api.dashboard.why import explain_contested, explain_status, list_remarks
from api.dashboard.words import RELATIONS, RESPONSES
from domain.tally import FOREVER
from domain.times import parse_fuzzy

Json = dict[str, Any]  # Any: what the read models have made

_VOICES = {
    "ClaimReported": "reported",
    "ClaimDenied": "denied",
    "ClaimAssessed": "assessed",
    "ClaimConfirmed": "confirmed",
    "ClaimCommentDeclined": "did not comment",
}


def render_claim(
    claim: Json, records: Sequence[Json], others: Mapping[str, Json], cut: Mapping[str, str], *, has_more: bool
) -> bytes:
    """Return the page of a claim within a cut, with its history and the claims that it is linked to."""
    entries = [read_entry(record) for record in records]
    standing = claim["standing"]
    until_us = _until(cut.get("valid_at"))
    return render(
        "claim.html",
        claim=claim,
        standing=standing,
        rungs=explain_status(standing),
        contested=explain_contested(standing),
        remarks=list_remarks(standing),
        voices=_voices(entries, until_us),
        entries=entries,
        later={entry.version for entry in entries if entry.said and span_of(entry).earliest_us > until_us},
        numbers={entry.event_id: entry.version for entry in entries},
        texts={claim_id: other["text"] for claim_id, other in others.items()},
        clocks=draw_clocks(entries),
        links=[_link(link, others) for link in claim["links"]],
        cut={"known_at": "", "valid_at": "", **cut},
        responses=RESPONSES,
        has_more=has_more,
    )


def _until(valid_at: str | None) -> int:
    return parse_fuzzy(valid_at).latest_us if valid_at else FOREVER


def _voices(entries: Sequence[Entry], until_us: int) -> list[tuple[str, list[Entry]]]:
    """Return who said what by then, by what they did: only what counts."""
    found: list[tuple[str, list[Entry]]] = []
    for kind, did in _VOICES.items():
        said = [entry for entry in entries if entry.type == kind and _counts(entry, until_us)]
        if said:
            found.append((did, said))
    return found


def _counts(entry: Entry, until_us: int) -> bool:
    is_out = entry.is_erased or entry.retracted_by or entry.superseded_by
    return not is_out and span_of(entry).earliest_us <= until_us


def _link(link: Json, others: Mapping[str, Json]) -> Json:
    words = RELATIONS[link["relation"]][0 if link["direction"] == "out" else 1]
    return {**link, "words": words, "claim": others.get(link["claim_id"])}

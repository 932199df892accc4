"""The first page: every claim with where it stands, in words."""

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from api.dashboard.layout import element, render_page, wrap

_WORDS = {
    "unreported": "Nobody reports it",
    "reported": "Reported",
    "denied": "Denied",
    "assessed": "Assessed",
    "confirmed": "Confirmed",
    "refuted": "Refuted",
    "disputed": "Disputed",
    "withdrawn": "Withdrawn",
}
_COUNTED = {
    "reports": ("report", "reports"),
    "denials": ("denial", "denials"),
    "assessments": ("assessment", "assessments"),
    "confirmations": ("confirmation", "confirmations"),
    "declined": ("declined comment", "declined comments"),
}


def render_claims(items: Sequence[bytes], summary: bytes, *, has_more: bool) -> bytes:
    """Return the page of list items and the summary, as JSON."""
    totals: Any = json.loads(summary)  # Any: JSON of our own read models
    parts = [element("p", _totals(totals)), wrap("ol", *map(_claim, map(json.loads, items)), class_="claims")]
    if has_more:
        parts.append(wrap("p", "There are more: see ", element("a", "all claims as JSON", href="/v1/claims")))
    return render_page("What is claimed, and where it stands", *parts)


def _totals(summary: Any) -> str:
    statuses = [f"{number} {name}" for name, number in summary["statuses"].items() if number]
    said = f"{_number(summary['claims'], 'claim', 'claims')}, {_number(summary['events'], 'event', 'events')}"
    return f"{said}: {', '.join(statuses)}; {summary['contested']} contested." if statuses else f"{said}."


def _claim(claim: Any) -> str:
    standing = claim["standing"]
    link = element("a", claim["text"] or claim["claim_id"], href=f"/v1/claims/{quote(claim['claim_id'])}")
    status = [element("strong", _WORDS[standing["status"]])]
    if standing["contested"]:
        status.append(element("span", ", contested", class_="contested"))
    return wrap("li", wrap("p", link), wrap("p", *status), element("p", _details(claim), class_="quiet"))


def _details(claim: Any) -> str:
    counts = claim["standing"]["counts"]
    counted = [_number(counts[name], *words) for name, words in _COUNTED.items() if counts[name]]
    return ", ".join([*counted, f"last changed {claim['updated_at']}"])


def _number(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"

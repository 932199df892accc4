"""The front page: counts by status, what is contested, what changed last, and how much was recorded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any
from urllib.parse import urlencode

from api.dashboard.render import render
from api.dashboard.words import STATUSES
from projections.terms import BEGIN_MATCH, END_MATCH

Json = dict[str, Any]  # Any: what the read models have made

_FIELDS = ("q", "status", "contested", "tag", "speaker", "outlet")
CHART_WIDTH, CHART_HEIGHT = 600, 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """What the front page shows: claims, those that are contested, the summary, the filter, and where the rest is.

    Where something was looked for, `snippets` has for each claim what was found in it. `first_at` is when the first
    entry that the reader sees was recorded.
    """

    claims: Sequence[Json]
    snippets: Sequence[str]
    contested: Sequence[Json]
    summary: Json
    chosen: Mapping[str, str]
    following: str | None
    first_at: str | None


def render_overview(overview: Overview) -> bytes:
    """Return the front page, or the part of its list that a filter and a cursor ask for."""
    filters = {name: text for name, text in overview.chosen.items() if name != "known_at"}
    known_at = overview.chosen.get("known_at", "")
    cut = {"known_at": known_at} if known_at else {}
    following = None if overview.following is None else urlencode({**filters, **cut, "cursor": overview.following})
    return render(
        "overview.html",
        claims=list(zip_longest(overview.claims, map(_marked, overview.snippets), fillvalue=())),
        contested=overview.contested,
        summary=overview.summary,
        bars=_bars(overview.summary["statuses"]),
        minutes=_minutes(overview.summary["minutes"]),
        most=max((minute["events"] for minute in overview.summary["minutes"]), default=0),
        first=overview.first_at,
        chosen=dict.fromkeys(_FIELDS, "") | filters,
        filters=filters,
        cut={"known_at": known_at, "valid_at": ""},
        keep=f"?{urlencode(cut)}" if cut else "",
        following=following,
        statuses=STATUSES,
    )


def _marked(snippet: str) -> list[tuple[str, bool]]:
    """Return the parts of a snippet, and of each whether it is what was looked for."""
    before, *found = snippet.split(BEGIN_MATCH)
    parts = [(before, False)]
    for each in found:
        match, _, after = each.partition(END_MATCH)
        parts += [(match, True), (after, False)]
    return [part for part in parts if part[0]]


def _bars(statuses: Mapping[str, int]) -> list[tuple[str, int, int]]:
    """Return (status, claims, length of its bar in percent of the longest)."""
    longest = max(statuses.values(), default=0) or 1
    return [(status, statuses.get(status, 0), -(-100 * statuses.get(status, 0) // longest)) for status in STATUSES]


def _minutes(minutes: Sequence[Json]) -> list[tuple[int, int, int, Json]]:
    """Return (x, width, height) of the column of each minute, and the minute."""
    most = max((minute["events"] for minute in minutes), default=0) or 1
    step = CHART_WIDTH // max(len(minutes), 1)
    return [
        (index * step, step - 2, -(-CHART_HEIGHT * minute["events"] // most), minute)
        for index, minute in enumerate(minutes)
    ]

"""What each operation is to show to whom. One that is not named here fails the matrix."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["reads", "public", "open", "operators", "appends"]
NDJSON, CSV, STREAM = "application/x-ndjson", "text/csv", "text/event-stream"


@dataclass(frozen=True, slots=True)
class Rule:
    """Which kind of operation it is, and the ways in which it is asked.

    `reads` answers as the reader's audience sees it, `public` as the public does, `open` the same for everybody,
    `operators` to admins and auditors, `appends` to whoever may post. A way is an address, with `{claim}`, `{event}`
    and `{word}` for those of a thing, and after a space what is accepted. `tells` says that whoever may
    read a thing finds its word in one of the answers.
    """

    kind: Kind
    ways: tuple[str, ...] = ()
    tells: bool = True


_LISTED = (
    *("/v1/claims", "/v1/claims?sort=created", "/v1/claims?sort=claim_id", "/v1/claims?limit=1"),
    *(
        "/v1/claims?position={head}",
        "/v1/claims?known_at={now}",
        "/v1/claims?contested=true",
        "/v1/claims?status=denied",
    ),
    *("/v1/claims?q={word}", "/v1/claims?q={word}&sort=changed", "/v1/claims?similar_to=Word+of+{word}+has+come."),
    *("/v1/claims?speaker={word}", "/v1/claims?outlet={word}", "/v1/claims?tag={word}", "/v1/claims?changed_after=4"),
)
_HISTORIES = tuple(
    f"/v1/claims/{claim}/history{asked}"
    for claim in ("{claim}", "shared-by-all")
    for asked in ("", f" {NDJSON}", f" {CSV}", "?limit=1", "?after=1", "?position={head}", "?known_at={now}")
)
_CLAIMS = tuple(
    f"/v1/claims/{claim}{asked}"
    for claim in ("{claim}", "shared-by-all")
    for asked in ("", "?position={head}", "?known_at={now}", "?valid_at={now}")
)
_PAGES = tuple(f"/claims/{claim}{asked}" for claim in ("{claim}", "shared-by-all") for asked in ("", "?known_at={now}"))

RULES = {
    "GET /v1/claims/{claim_id}": Rule("reads", _CLAIMS),
    "GET /v1/claims": Rule("reads", _LISTED),
    "GET /v1/claims/{claim_id}/history": Rule("reads", _HISTORIES),
    "GET /v1/events": Rule(
        "reads",
        ("/v1/events", "/v1/events?limit=2", f"/v1/events {NDJSON}", "/v1/events?after=9", f"/v1/events {STREAM}"),
    ),
    "GET /v1/events/{event_id}": Rule("reads", ("/v1/events/{event}", "/v1/events/{denial}")),
    "GET /v1/events/{event_id}/bytes": Rule("reads", ("/v1/events/{event}/bytes", "/v1/events/{denial}/bytes")),
    "GET /v1/events/{event_id}/proof": Rule(
        "reads", ("/v1/events/{event}/proof", "/v1/events/{denial}/proof"), tells=False
    ),
    "GET /v1/summary": Rule(
        "reads", ("/v1/summary", "/v1/summary?position={head}", "/v1/summary?known_at={now}"), tells=False
    ),
    "GET /v1/sources": Rule("reads", ("/v1/sources", "/v1/sources?limit=1")),
    "GET /": Rule("reads", ("/", "/?q={word}", "/?tag={word}", "/?known_at={now}", "/?limit=1", "/?contested=true")),
    "GET /claims/{claim_id}": Rule("reads", _PAGES),
    "GET /sources": Rule("reads", ("/sources", "/sources?limit=1")),
    "GET /feed.json": Rule("public", ("/feed.json",)),
    "GET /claims/{claim_id}/badge.svg": Rule(
        "public", ("/claims/{claim}/badge.svg", "/claims/shared-by-all/badge.svg")
    ),
    "GET /log/checkpoint": Rule("open", ("/log/checkpoint",)),
    "GET /log/checkpoints": Rule("open", ("/log/checkpoints", "/log/checkpoints?after=1")),
    "GET /log/key": Rule("open", ("/log/key",)),
    "GET /log/tile/{path}": Rule("open", ("/log/tile/0/000.p/{size}", "/log/tile/entries/000.p/{size}")),
    "GET /healthz": Rule("open", ("/healthz",)),
    "GET /readyz": Rule("open", ("/readyz",)),
    "GET /docs": Rule("open", ("/docs",)),
    "GET /openapi.json": Rule("open", ("/openapi.json",)),
    "GET /problems/{code}": Rule("open", ("/problems/not-found", "/problems/{word}")),
    "GET /assets/{name}": Rule("open", ("/assets/page.css", "/assets/{word}")),
    "GET /metrics": Rule("operators", ("/metrics",)),
    "POST /v1/events": Rule("appends", ("/v1/events",)),
    "POST /v1/claims/{claim_id}/events": Rule("appends", ("/v1/claims/{claim_id}/events",)),
}

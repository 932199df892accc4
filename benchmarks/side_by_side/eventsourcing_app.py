"""The claims ledger as the `eventsourcing` library's documentation builds an application, behind ordinary FastAPI.

Run as `python -m benchmarks.side_by_side.eventsourcing_app DATABASE`; prints its URL.
"""

import sys
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

from eventsourcing.application import AggregateNotFoundError, Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import IntegrityError
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

from benchmarks.apps import serve

Json = dict[str, Any]  # Any: JSON

_COUNTED = {
    "ClaimReported": "reports",
    "ClaimDenied": "denials",
    "ClaimAssessed": "assessments",
    "ClaimConfirmed": "confirmations",
}


class PostedEvent(BaseModel):
    """What a client posts."""

    event_id: str
    type: str
    claim_id: str | None = None
    occurred_at: str | None = None
    data: Json


class Claim(Aggregate):
    """A claim, and how often what was said of it."""

    @event("Begun")
    def __init__(self, claim_id: str) -> None:
        self.claim_id = claim_id
        self.said: dict[str, int] = {}

    @staticmethod
    def create_id(claim_id: str) -> UUID:
        """Return the aggregate's id, which the claim's id determines."""
        return uuid5(NAMESPACE_URL, f"claim:{claim_id}")

    @event("Said")
    def say(self, type: str, posted: Json) -> None:  # noqa: A002, ARG002  # the names of the event's members
        """Record what somebody says."""
        self.said[type] = self.said.get(type, 0) + 1


class Claims(Application[UUID]):
    """The application over the store that its environment names."""

    def say(self, posted: PostedEvent) -> None:
        """Record an event; again where somebody else was faster."""
        claim_id = posted.claim_id or str(uuid4())
        while True:
            claim = self._get(claim_id) or Claim(claim_id)
            claim.say(posted.type, posted.model_dump())
            try:
                self.save(claim)
            except IntegrityError:
                continue
            return

    def standing(self, claim_id: str) -> Json | None:
        """Return where a claim stands, None where there is none."""
        claim = self._get(claim_id)
        if claim is None:
            return None
        counts = {name: claim.said.get(kind, 0) for kind, name in _COUNTED.items()}
        return {"claim_id": claim_id, "events": sum(claim.said.values()), **counts}

    def _get(self, claim_id: str) -> Claim | None:
        try:
            claim: Claim = self.repository.get(Claim.create_id(claim_id))
        except AggregateNotFoundError:
            return None
        return claim


def create_app(database: str) -> FastAPI:
    """Return the web application over a SQLite file."""
    claims = Claims(env={"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": database})
    app = FastAPI()

    @app.post("/v1/events", status_code=201)
    def post(posted: PostedEvent) -> dict[str, str]:
        claims.say(posted)
        return {"event_id": posted.event_id}

    @app.get("/v1/claims/{claim_id}")
    def get_claim(claim_id: str) -> Json:
        standing = claims.standing(claim_id)
        if standing is None:
            raise HTTPException(404)
        return standing

    return app


def main(arguments: list[str]) -> None:
    """Serve on a free port, until SIGTERM."""
    serve(create_app(arguments[0]))


if __name__ == "__main__":
    main(sys.argv[1:])

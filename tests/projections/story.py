"""Tells a ledger's events in a few words: what is left out of them is what the domain fills in."""

import json
from typing import Any
from uuid import UUID

from domain.claim import Claim, evolve
from domain.commands import Poster, RecordEvent, Surroundings
from domain.decide import decide, stamp
from domain.events import Event, encode_event
from domain.noting import note_of
from domain.posting import read_posted
from domain.times import SECOND_US, parse_instant
from tests.projections.ledger import Ledger

ADMIN = Poster(name="desk", role="admin", audience=2)
CLAIM = "six-officers"
BEGINNING_US = parse_instant("2024-10-04T12:00:00Z")


class Story:
    """Events, one a second, decided as the ledger decides them; each method returns the event's id."""

    def __init__(self) -> None:
        self.ledger = Ledger()
        self.states: dict[str, bytes] = {}
        self.now_us = BEGINNING_US
        self._claims: dict[str, Claim] = {}
        self._events: dict[str, Event] = {}

    def post(self, kind: str, data: dict[str, Any], claim_id: str = CLAIM, **envelope: Any) -> str:
        """Post one event."""
        posted = {"type": kind, "claim_id": claim_id, "data": data, "event_id": self._new_id(), **envelope}
        command = RecordEvent(event=read_posted(json.dumps(posted).encode()), poster=ADMIN)
        self.now_us += SECOND_US
        claim, linked = self._claim(claim_id), self._claims.get(data.get("target_claim_id", ""))
        at = Surroundings(now_us=self.now_us, last_us=0, linked=linked, read=self._events.__getitem__)
        for draft in decide(claim, command, at):
            event = stamp(claim, draft, ADMIN, self._new_id(), "A" * 22)
            self._events[event.event_id or ""] = event
            self.states[event.event_id or ""] = self.ledger.append(json.loads(encode_event(event)))
            evolve(claim, note_of(event), "0" * 64)
        return str(posted["event_id"])

    def report(self, claim_id: str = CLAIM, tags: list[str] | None = None, **envelope: Any) -> str:
        claim = {"text": f"What {claim_id} says.", "tags": tags}
        return self.post("ClaimReported", {"claim": claim, "speaker": {"name": "Kyiv Post"}}, claim_id, **envelope)

    def deny(self, claim_id: str = CLAIM, **envelope: Any) -> str:
        return self.post("ClaimDenied", {"speaker": {"name": "Moscow"}}, claim_id, **envelope)

    def assess(self, verdict: str, supersedes: str | None = None, claim_id: str = CLAIM, **envelope: Any) -> str:
        data = {"speaker": {"name": "BBC Verify"}, "verdict": verdict, "supersedes_event_id": supersedes}
        return self.post("ClaimAssessed", data, claim_id, **envelope)

    def link(self, claim_id: str, target: str, state: str = "confirmed", **envelope: Any) -> str:
        data = {"target_claim_id": target, "relation": "restates", "state": state}
        return self.post("ClaimLinked", data, claim_id, **envelope)

    def correct(self, target: str, patch: dict[str, Any], claim_id: str = CLAIM, **envelope: Any) -> str:
        data = {"patch": patch, "reason_kind": "typo"}
        return self._about("EventCorrected", target, claim_id, data, **envelope)

    def retract(self, target: str, claim_id: str = CLAIM, **envelope: Any) -> str:
        return self._about("EventRetracted", target, claim_id, {"reason_kind": "duplicate"}, **envelope)

    def erase(self, target: str, claim_id: str = CLAIM, **envelope: Any) -> str:
        return self._about("EventErased", target, claim_id, {"reason_kind": "legal"}, **envelope)

    def reclassify(self, target: str, claim_id: str = CLAIM, **change: Any) -> str:
        return self._about("EventReclassified", target, claim_id, change)

    def _about(self, kind: str, target: str, claim_id: str, data: dict[str, Any], **envelope: Any) -> str:
        return self.post(kind, {"target_event_id": target, "reason": "because", **data}, claim_id, **envelope)

    def _claim(self, claim_id: str) -> Claim:
        return self._claims.setdefault(claim_id, Claim(claim_id=claim_id))

    def _new_id(self) -> str:
        number = len(self._events) + 1
        return str(UUID(int=number | (number % 7) << 120))

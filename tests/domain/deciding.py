"""A claim's stream in memory: what is posted to it is decided, stamped and folded as the ledger does it."""

from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import pytest

from domain.claim import Claim, evolve
from domain.commands import Poster, RecordEvent, Role, Surroundings
from domain.decide import decide, stamp
from domain.errors import Refusal
from domain.events import Event, encode_event
from domain.noting import note_of
from domain.posting import read_posted
from domain.times import parse_instant
from tests.domain.saying import CLAIM_ID, Posted, body, ident

NOW = "2024-10-05T12:00:00Z"
SOON = "2024-10-06T00:00:00Z"
LATER = "2024-11-01T00:00:00Z"
PAST = "2024-10-01T00:00:00Z"


def poster(role: Role, name: str | None = None, audience: int | None = None) -> Poster:
    sees = {"reporter": 1, "importer": 1}.get(role, 2) if audience is None else audience
    return Poster(name=name or role, role=role, audience=sees)


REPORTER, EDITOR, IMPORTER = poster("reporter"), poster("editor"), poster("importer")
ADMIN, AUDITOR = poster("admin"), poster("auditor")
READER = Poster(name="desk", role="editor", audience=0)  # an editor whose key reads as the public does


@dataclass(slots=True, kw_only=True)
class Story:
    """One claim, the events that made it, and the time."""

    claim: Claim = field(default_factory=lambda: Claim(claim_id=CLAIM_ID))
    events: list[Event] = field(default_factory=list)
    now: str = NOW
    last: str = PAST

    def post(
        self, posted: Posted, by: Poster = EDITOR, *, to: Claim | None = None, if_version: int | None = None
    ) -> list[Any]:  # Any: a test knows which type it has posted
        """Return what is recorded when this is posted; `to` is the claim that a link names."""
        command = RecordEvent(event=read_posted(body(posted), self.claim.claim_id), poster=by, if_version=if_version)
        at = Surroundings(
            now_us=parse_instant(self.now), last_us=parse_instant(self.last), linked=to, read=self.event_of
        )
        return [
            self.record(stamp(self.claim, draft, by, ident(1000 + self.claim.version), "A" * 22))
            for draft in decide(self.claim, command, at)
        ]

    def record(self, event: Event) -> Event:
        self.events.append(event)
        evolve(self.claim, note_of(event), sha256(encode_event(event)).hexdigest())
        return event

    def event_of(self, event_id: str) -> Event:
        return next(event for event in self.events if event.event_id == event_id)

    def refusal(
        self, posted: Posted, by: Poster = EDITOR, *, to: Claim | None = None, if_version: int | None = None
    ) -> Refusal:
        """Return why this is refused; nothing may have changed by it."""
        version = self.claim.version
        with pytest.raises(Refusal) as caught:
            self.post(posted, by, to=to, if_version=if_version)
        assert self.claim.version == version
        return caught.value

    def fault(self, posted: Posted, by: Poster = EDITOR, *, to: Claim | None = None) -> tuple[str, str]:
        """Return the pointer and the rule of the one thing wrong with it."""
        refused = self.refusal(posted, by, to=to)
        assert refused.code == "rule-broken"
        (fault,) = refused.faults
        assert fault.detail
        return fault.pointer, fault.rule

    def readers(self, number: int) -> tuple[str, str | None]:
        """Return the classification and embargo of an event, as reclassified."""
        of = self.claim.entries[ident(number)].visibility
        return ("public", "internal", "confidential")[of.level], None if of.embargo_us is None else "embargoed"


def given(*posted: Posted, by: Poster = EDITOR, claim_id: str = CLAIM_ID) -> Story:
    """Return the story in which these were posted, an erasure by an admin."""
    story = Story(claim=Claim(claim_id=claim_id))
    for each in posted:
        story.post(each, ADMIN if each["type"] == "EventErased" else by)
    return story

"""Commands as clients post them, in a few words."""

import json
from dataclasses import replace
from typing import Any
from uuid import UUID

from domain.commands import Poster, RecordEvent, Role
from domain.posting import read_posted

CLAIM = "six-officers"


def poster(role: Role = "editor", name: str = "desk") -> Poster:
    return Poster(name=name, role=role, audience=1 if role in ("reporter", "importer") else 2)


def by(name: str, asked: RecordEvent) -> RecordEvent:
    """Return the same command, posted with a key of this name."""
    return replace(asked, poster=poster(name=name))


def event_id(number: int) -> str:
    return str(UUID(int=number))


def command(
    kind: str, data: dict[str, Any], claim_id: str | None = CLAIM, role: Role = "editor", **envelope: Any
) -> RecordEvent:
    """Return the command of one posted event; `if_version` is the version it names."""
    if_version = envelope.pop("if_version", None)
    posted = {"type": kind, "claim_id": claim_id, "data": data, **envelope}
    return RecordEvent(event=read_posted(json.dumps(posted).encode()), poster=poster(role), if_version=if_version)


def report(claim_id: str | None = CLAIM, text: str = "Six officers were killed.", **envelope: Any) -> RecordEvent:
    return command("ClaimReported", {"claim": {"text": text}, "speaker": {"name": "Kyiv Post"}}, claim_id, **envelope)


def deny(claim_id: str = CLAIM, **envelope: Any) -> RecordEvent:
    return command("ClaimDenied", {"speaker": {"name": "Moscow"}}, claim_id, **envelope)


def link(claim_id: str, target: str, **envelope: Any) -> RecordEvent:
    return command("ClaimLinked", {"target_claim_id": target, "relation": "restates"}, claim_id, **envelope)


def retract(target: str, claim_id: str = CLAIM, **envelope: Any) -> RecordEvent:
    data = {"target_event_id": target, "reason": "because", "reason_kind": "duplicate"}
    return command("EventRetracted", data, claim_id, **envelope)


def correct(target: str, claim_id: str = CLAIM, note: str = "by telephone", **envelope: Any) -> RecordEvent:
    data = {"target_event_id": target, "reason": "because", "reason_kind": "typo", "patch": {"data": {"note": note}}}
    return command("EventCorrected", data, claim_id, **envelope)


def reclassify(target: str, claim_id: str = CLAIM, to: str = "internal", **envelope: Any) -> RecordEvent:
    data = {"target_event_id": target, "reason": "because", "classification": to}
    return command("EventReclassified", data, claim_id, **envelope)


def erase(target: str, claim_id: str = CLAIM, **envelope: Any) -> RecordEvent:
    data = {"target_event_id": target, "reason": "because", "reason_kind": "legal"}
    return command("EventErased", data, claim_id, role="admin", **envelope)


def refused(claim_id: str = CLAIM, **envelope: Any) -> RecordEvent:
    """Return a command that every ledger refuses: what it targets does not exist."""
    return retract(event_id(2**100), claim_id, **envelope)

"""Short forms of what clients post: one function a type, a number for an event id."""

import json
from typing import Any

Posted = dict[str, Any]  # JSON, right or wrong

CLAIM_ID = "six-officers"
TEXT = "Six officers were killed."
SPEAKER = {"name": "Kyiv Post"}
FALSE = {"verdict": "false"}


def ident(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def saying(event_type: str, data: Posted, number: int | None = None, **members: Any) -> Posted:
    """Return a posted event; members left out with `...` are not in it."""
    numbered = {} if number is None else {"event_id": ident(number)}
    return {"type": event_type, **numbered, **members, "data": {n: v for n, v in data.items() if v is not ...}}


def reported(number: int | None = None, *, text: Any = TEXT, data: Posted | None = None, **members: Any) -> Posted:
    claim = ... if text is ... else {"text": text}
    return saying("ClaimReported", {"claim": claim, "speaker": SPEAKER, **(data or {})}, number, **members)


def denied(number: int | None = None, *, text: Any = ..., data: Posted | None = None, **members: Any) -> Posted:
    claim = ... if text is ... else {"text": text}
    return saying("ClaimDenied", {"claim": claim, "speaker": SPEAKER, **(data or {})}, number, **members)


def assessed(number: int | None = None, *, data: Posted | None = None, **members: Any) -> Posted:
    return saying("ClaimAssessed", {"speaker": SPEAKER, **FALSE, **(data or {})}, number, **members)


def confirmed(number: int | None = None, *, data: Posted | None = None, **members: Any) -> Posted:
    return saying("ClaimConfirmed", {"speaker": SPEAKER, **(data or {})}, number, **members)


def declined(number: int | None = None, *, data: Posted | None = None, **members: Any) -> Posted:
    spoken = {"speaker": SPEAKER, "response": "no_response", **(data or {})}
    return saying("ClaimCommentDeclined", spoken, number, **members)


def attached(number: int | None = None, *, data: Posted | None = None, **members: Any) -> Posted:
    photo = {"evidence_id": "photo-1", "kind": "image", "description": "a photo"}
    return saying("EvidenceAttached", {"evidence": photo, "bearing": "supports", **(data or {})}, number, **members)


def linked(to: str, number: int | None = None, **members: Any) -> Posted:
    return saying("ClaimLinked", {"target_claim_id": to, "relation": "restates"}, number, **members)


def corrected(target: int, patch: Posted, number: int | None = None, **members: Any) -> Posted:
    data = {"target_event_id": ident(target), "patch": patch, "reason": "a slip", "reason_kind": "typo"}
    return saying("EventCorrected", data, number, **members)


def retracted(target: int, number: int | None = None, **members: Any) -> Posted:
    data = {"target_event_id": ident(target), "reason": "a slip", "reason_kind": "entered_in_error"}
    return saying("EventRetracted", data, number, **members)


def erased(target: int, number: int | None = None, **members: Any) -> Posted:
    data = {"target_event_id": ident(target), "reason": "an order", "reason_kind": "legal"}
    return saying("EventErased", data, number, **members)


def reclassified(target: int, change: Posted, number: int | None = None, **members: Any) -> Posted:
    data = {"target_event_id": ident(target), "reason": "a review", **change}
    return saying("EventReclassified", data, number, **members)


def body(posted: Any) -> bytes:
    return json.dumps(posted).encode()

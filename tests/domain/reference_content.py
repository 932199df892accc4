"""What an event says after a correction: merge patch and filling in, from the page on events."""

from typing import Any

Event = dict[str, Any]  # JSON: a stored event has a shape of its own for every type

CORRECTABLE = ("occurred_at", "occurred_basis", "occurred_text", "data")
DEFAULTS: dict[str, Event] = {
    "ClaimReported": {"stance": "affirms", "basis": ["unspecified"]},
    "ClaimDenied": {"scope": "full", "directness": "direct", "relation": "unknown"},
    "ClaimAssessed": {"decisive": False, "assessor_kind": "other"},
    "ClaimConfirmed": {"scope": "full", "basis": "unspecified", "confirmer_kind": "other"},
    "ClaimLinked": {"state": "confirmed"},
}


def corrected_once(event: Event, patch: Event) -> Event:
    """Return the event with one correction applied and what it left empty filled in again."""
    content = {name: event[name] for name in CORRECTABLE if name in event}
    merged = merge_patch(content, {name: patch[name] for name in CORRECTABLE if name in patch})
    envelope = {name: value for name, value in event.items() if name not in CORRECTABLE}
    return filled_in({**envelope, **merged})


def merge_patch(target: Any, patch: Any) -> Any:
    """Return the target with the patch merged in: RFC 7396, section 2. `Any` is any JSON value."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_patch(merged.get(name), value)
    return merged


def filled_in(event: Event) -> Event:
    """Return the event as it is stored: what is empty dropped, what has an obvious value set."""
    filled = {name: value for name, value in event.items() if name != "occurred_text" or value}
    filled["occurred_at"] = event.get("occurred_at") or None
    filled["occurred_basis"] = event.get("occurred_basis") or "unknown"
    filled["data"] = _filled_in_data(event["type"], without_empties(event.get("data")) or {})
    return filled


def without_empties(value: Any) -> Any:
    """Return the JSON value without members that are null, "", [] or {}, at any depth."""
    if isinstance(value, list):
        return [without_empties(item) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {name: without_empties(item) for name, item in value.items()}
    return {name: item for name, item in kept.items() if item not in (None, "", [], {})}


def _filled_in_data(event_type: str, data: Event) -> Event:
    filled = {**DEFAULTS.get(event_type, {}), **data}
    if "speaker" in filled:
        filled["speaker"] = _party(filled["speaker"])
        filled.setdefault("attribution", [{"party": filled["speaker"]}])
    if "claim" in filled:
        filled["claim"] = {"language": "und", "kind": "factual", **filled["claim"]}
    if event_type == "ClaimReported" and "claim" in filled:
        filled.setdefault("wording", {"paraphrase": filled["claim"].get("text")})
    if "wording" in filled:
        filled["wording"] = {"language": "und", **filled["wording"]}
    if isinstance(filled.get("attribution"), list):
        filled["attribution"] = [_hop(hop) for hop in filled["attribution"]]
    if "found_by" in filled.get("evidence", {}):
        finder = _party(filled["evidence"]["found_by"])
        filled["evidence"] = {**filled["evidence"], "found_by": finder}
    return filled


def _hop(hop: Event) -> Event:
    return {**hop, "party": _party(hop["party"])} if "party" in hop else hop


def _party(party: Event) -> Event:
    return {"kind": "unknown", **party} if "name" in party else party

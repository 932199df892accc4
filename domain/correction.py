"""What an event says once it is corrected (RFC 7396 merge patches)."""

import json
from collections.abc import Callable, Iterable
from typing import Any

from pydantic import ValidationError

from domain.claim import Claim
from domain.encoding import Json
from domain.errors import RuleBrokenError
from domain.events import EVENT, Event, EventCorrected
from domain.posting import drop_absent
from domain.statement import check_statement
from domain.times import parse_instant

PATCHABLE = ("occurred_at", "occurred_basis", "occurred_text", "data")


def apply_patch(event: Event, patch: dict[str, Any]) -> Event:
    """Return the event as the patch makes it, with defaults filled in.

    Raises pydantic's ValidationError where the result is not an event.
    """
    stated = event.model_dump(mode="json", exclude_none=True)
    merged = _merge(stated, {name: patch[name] for name in PATCHABLE if name in patch})
    return EVENT.validate_json(json.dumps(drop_absent(merged)))


def corrected(event: Event, patches: Iterable[dict[str, Any]]) -> Event:
    """Return the event as patches in ledger order make it; one whose result is not valid is skipped.

    Each was valid for who posted it; a reader who does not see those before it may find it is not.
    """
    recorded_us = parse_instant(event.recorded_at or "")
    for patch in patches:
        try:
            result = apply_patch(event, patch)
            check_statement(result, recorded_us)
        except (ValidationError, RuleBrokenError):
            continue
        event = result
    return event


def corrected_target(claim: Claim, event_id: str, audience: int, read: Callable[[str], Event]) -> Event:
    """Return an event of the claim as this audience sees it corrected; `read` gives the recorded ones."""
    corrections = (read(correction) for correction in claim.corrections_of(event_id, audience))
    return corrected(read(event_id), (c.data.patch for c in corrections if isinstance(c, EventCorrected)))


def _merge(target: Json, patch: Json) -> Any:  # Any: JSON of whatever shape
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = _merge(merged.get(name), value)
    return merged

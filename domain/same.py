"""Whether a posted event says the same as the recorded one of its id: a retry, or another event."""

import json

from domain.encoding import Json, canonical_json
from domain.events import Event


def is_same_content(posted: Event, stored: bytes) -> bool:
    """Tell whether all that the client stated is what is stored.

    What it left out is taken from the stored event; recorded_at and what the ledger sets are not compared.
    """
    stated = posted.model_dump(mode="json", exclude_unset=True, exclude={"recorded_at"})
    return _agrees(stated, json.loads(stored))


def _agrees(stated: Json, stored: Json, name: str = "") -> bool:
    if name == "patch":
        return canonical_json(stated) == canonical_json(stored)  # where true is not 1
    if isinstance(stated, dict):
        return isinstance(stored, dict) and all(
            member in stored and _agrees(value, stored[member], member) for member, value in stated.items()
        )
    if isinstance(stated, list):
        return (
            isinstance(stored, list)
            and len(stated) == len(stored)
            and all(_agrees(one, other) for one, other in zip(stated, stored, strict=True))
        )
    return stated == stored

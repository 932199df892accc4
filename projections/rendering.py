"""The JSON of a claim, made once when it changes and sent as it is."""

import json
from hashlib import sha256

from domain.reader import Reading
from domain.times import format_instant

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def render_item(claim_id: str, reading: Reading) -> bytes:
    """Return the JSON of a claim without its links."""
    said = {} if reading.claim is None else reading.claim.model_dump()
    claim = {
        "claim_id": claim_id,
        "text": said.get("text"),
        "language": said.get("language"),
        "kind": said.get("kind"),
        "event_time": said.get("event_time"),
        "location": said.get("location"),
        "topics": said.get("topics") or [],
        "entities": said.get("entities") or [],
        "tags": said.get("tags") or [],
        "same_as": said.get("same_as") or [],
        "version": reading.version,
        "position": reading.position,
        "created_at": format_instant(reading.created_us),
        "updated_at": format_instant(reading.updated_us),
        "standing": reading.standing,
    }
    return _encode(claim).encode()


def with_links(item: bytes, links: bytes) -> bytes:
    """Return the JSON of a claim with its links."""
    return item[:-1] + b',"links":' + links + b"}"


def entity_tag(*parts: bytes) -> str:
    """Return an opaque tag of a body: 128 bits of its SHA-256."""
    return sha256(b"".join(parts)).hexdigest()[:32]

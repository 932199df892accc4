"""The JSON of a claim, made once when it changes and sent as it is."""

from hashlib import sha256

from pydantic_core import to_json

from domain.reader import Reading
from domain.times import format_instant


def render_item(claim_id: str, reading: Reading) -> bytes:
    """Return the JSON of a claim without its links."""
    said = reading.claim
    claim = {
        "claim_id": claim_id,
        "text": said and said.text,
        "language": said and said.language,
        "kind": said and said.kind,
        "event_time": said and said.event_time,
        "location": said and said.location,
        "topics": (said and said.topics) or (),
        "entities": (said and said.entities) or (),
        "tags": (said and said.tags) or (),
        "same_as": (said and said.same_as) or (),
        "version": reading.version,
        "position": reading.position,
        "created_at": format_instant(reading.created_us),
        "updated_at": format_instant(reading.updated_us),
        "standing": reading.standing,
    }
    return to_json(claim)  # at a fifth of what json takes


def with_links(item: bytes, links: bytes) -> bytes:
    """Return the JSON of a claim with its links."""
    return item[:-1] + b',"links":' + links + b"}"


def entity_tag(*parts: bytes) -> str:
    """Return an opaque tag of a body: 128 bits of its SHA-256."""
    return sha256(b"".join(parts)).hexdigest()[:32]

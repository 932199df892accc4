"""Where a list goes on: opaque to clients, and of no use once altered or with other filters."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256

from api.errors import BadParameterError
from api.ports import Place
from api.queries import ClaimsQuery, ReadQuery, SourcesQuery
from projections.sources import Place as SourcePlace

_CHECK_SIZE_BYTES = 12


def encode_cursor(place: Place, which: ClaimsQuery) -> str:
    """Return the cursor of the page that begins after a place, in the list that was asked for."""
    return _seal(f"{place.as_of}.{place.last}", which)


def decode_cursor(cursor: str, which: ClaimsQuery) -> Place:
    """Return the place of a cursor. Raises BadParameterError where it was not made for this list."""
    as_of, last = _open(cursor, which).split(".", 1)
    return Place(as_of=int(as_of), last=last if which.order() == "claim_id" else int(last))


def encode_source_cursor(place: SourcePlace, which: SourcesQuery) -> str:
    """Return the cursor of the page of sources that begins after a place."""
    return _seal(f"{place.statements}.{place.kind}.{place.name}", which)


def decode_source_cursor(cursor: str, which: SourcesQuery) -> SourcePlace:
    """Return the place of a cursor. Raises BadParameterError where it was not made for this list."""
    statements, kind, name = _open(cursor, which).split(".", 2)
    return SourcePlace(int(statements), name, kind)


def _seal(place: str, which: ReadQuery) -> str:
    payload = place.encode()
    return _encode(_check(payload, which) + payload)


def _open(cursor: str, which: ReadQuery) -> str:
    try:
        raw = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    except ValueError as error:
        raise _altered() from error
    payload = raw[_CHECK_SIZE_BYTES:]
    # Encoded again, for base64 has several texts for the same bytes. The check is no secret: a place that
    # a client makes up shows it nothing that it may not read.
    if _encode(_check(payload, which) + payload) != cursor:
        raise _altered()
    return payload.decode()


def _encode(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _check(payload: bytes, which: ReadQuery) -> bytes:
    asked = which.model_dump_json(exclude={"cursor", "limit", "min_position"})
    return sha256(asked.encode() + b"\n" + payload).digest()[:_CHECK_SIZE_BYTES]


def _altered() -> BadParameterError:
    return BadParameterError.named("cursor", "altered", "not a cursor of this list: take `next` as it is")

"""Where a list goes on: opaque to clients, and of no use once altered or with other filters."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256

from api.errors import BadParameterError
from api.ports import Place
from api.queries import ClaimsQuery, ReadQuery, SourcesQuery
from projections.sources import Place as SourcePlace

_CHECK_SIZE_BYTES = 12
_DIGITS = 16


def encode_cursor(place: Place, which: ClaimsQuery) -> str:
    """Return the cursor of the page that begins after a place, in the list that was asked for."""
    return _seal(f"{place.as_of}.{place.last}", which)


def decode_cursor(cursor: str, which: ClaimsQuery) -> Place:
    """Return the place of a cursor. Raises BadParameterError where it was not made for this list."""
    as_of, _, last = _open(cursor, which).partition(".")
    return Place(as_of=_number(as_of), last=last if which.order() == "claim_id" else _number(last))


def encode_source_cursor(place: SourcePlace, which: SourcesQuery) -> str:
    """Return the cursor of the page of sources that begins after a place."""
    return _seal(f"{place.statements}.{place.kind}.{place.name}", which)


def decode_source_cursor(cursor: str, which: SourcesQuery) -> SourcePlace:
    """Return the place of a cursor. Raises BadParameterError where it was not made for this list."""
    statements, _, source = _open(cursor, which).partition(".")
    kind, _, name = source.partition(".")
    return SourcePlace(_number(statements), name, kind)


def _seal(place: str, which: ReadQuery) -> str:
    payload = place.encode()
    return _encode(_check(payload, which) + payload)


def _open(cursor: str, which: ReadQuery) -> str:
    try:
        payload = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))[_CHECK_SIZE_BYTES:]
        place = payload.decode()
    except ValueError as error:
        raise _altered() from error
    # Encoded again, for base64 has several texts for the same bytes. The check is no secret: a place that
    # a client makes up shows it nothing that it may not read.
    if _encode(_check(payload, which) + payload) != cursor or "\0" in place:
        raise _altered()
    return place


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS):
        raise _altered()
    return int(text)


def _encode(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _check(payload: bytes, which: ReadQuery) -> bytes:
    asked = which.model_dump_json(exclude={"cursor", "limit", "min_position"})
    return sha256(asked.encode() + b"\n" + payload).digest()[:_CHECK_SIZE_BYTES]


def _altered() -> BadParameterError:
    return BadParameterError.named("cursor", "altered", "not a cursor of this list: take `next` as it is")

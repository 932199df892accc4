"""What every read answers beside its body: entity tag or 304, position, and who may keep a copy."""

from hashlib import sha256
from typing import NamedTuple
from urllib.parse import quote

from starlette.responses import Response

from api.auth import audience_of
from api.errors import BadParameterError, NotYetReadableError
from api.kept import Address, KeptAnswer
from api.ports import Key
from api.queries import ReadQuery
from api.requests import ApiRequest
from domain.audience import DESK, PUBLIC, STAFF
from domain.reader import Cut
from domain.tally import FOREVER

JSON = b"application/json"
NDJSON = b"application/x-ndjson"
CSV = b"text/csv"
WAIT_S = 5.0

_AUDIENCES = {"public": PUBLIC, "staff": STAFF, "desk": DESK}
_VARY = (b"vary", b"Authorization, Accept")
_SHARED = (b"cache-control", b"no-cache")
_PRIVATE = (b"cache-control", b"private, no-cache")


class Reading(NamedTuple):
    """Who reads, as of which position of the read models."""

    audience: int
    position: int
    has_key: bool

    def headers(self) -> list[tuple[bytes, bytes]]:
        """Return the headers that every answer to it has, 304 and streams too."""
        position = (b"onrecord-position", b"%d" % self.position)
        return [position, _PRIVATE if self.has_key else _SHARED, _VARY]


class ReadyResponse(Response):
    """A response of ready bytes and raw headers."""

    def __init__(self, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
        # The parent's own would encode each header anew, which costs more than all the rest of a 304.
        self.status_code, self.body, self.raw_headers, self.background = status, body, headers, None


async def begin_reading(request: ApiRequest, key: Key | None, query: ReadQuery) -> Reading:
    """Return the reading, once the read models are where the reader wants them, and it is noted where it has to be.

    Raises NotYetReadableError, UnavailableError.
    """
    views = request.ports.views
    wanted = query.min_position
    if wanted is not None and not await views.wait_for(wanted, WAIT_S):
        raise NotYetReadableError(f"reads are at position {views.position}, not yet at {wanted}")
    audience = audience_of(key)
    if query.audience is not None:
        audience = min(audience, _AUDIENCES[query.audience])
    await note_reading(request, key, audience)
    return Reading(audience, views.position, key is not None)


async def note_reading(request: ApiRequest, key: Key | None, audience: int) -> None:
    """Have it on record that somebody reads who may see confidential events. Raises UnavailableError.

    Without the query: what somebody looks for may be words of an event that is erased one day.
    """
    if audience == DESK and key is not None:
        await request.ports.accesses.note(key, audience, quote(request.scope["path"]))


def check_past(request: ApiRequest, cut: Cut) -> Cut:
    """Return a cut. Raises BadParameterError where it lies in the future."""
    views = request.ports.views
    for name, given, latest in (
        ("known_at", cut.known_us, views.now_us),
        ("valid_at", cut.valid_us, views.now_us),
        ("position", cut.position, views.position),
    ):
        if latest < given < FOREVER:
            raise BadParameterError.named(name, "in_future", "lies in the future")
    return cut


def answer(
    request: ApiRequest, reading: Reading, body: bytes, etag: str | None = None, media_type: bytes = JSON
) -> Response:
    """Return the body, or 304 where the reader has it already; `etag` is the body's, without quotes."""
    tag = b'"%s"' % (etag or _tag_of(body)).encode()
    headers = [(b"etag", tag), *reading.headers()]
    if _has_already(request.header(b"if-none-match"), tag):
        return ReadyResponse(304, b"", headers)
    headers += [(b"content-type", media_type), (b"content-length", b"%d" % len(body))]
    return ReadyResponse(200, body, headers)


def answer_kept(request: ApiRequest, reading: Reading) -> Response | None:
    """Return the answer that this address had as of this position already, None where it is not known."""
    kept = request.ports.kept.find(_address(request, reading), reading.position)
    return None if kept is None else answer(request, reading, kept.body, kept.etag)


def keep_answer(request: ApiRequest, reading: Reading, body: bytes, etag: str | None = None) -> Response:
    """Return the answer of a body of JSON, and keep it for who asks the same."""
    kept = KeptAnswer(body, etag or _tag_of(body))
    request.ports.kept.keep(_address(request, reading), reading.position, kept)
    return answer(request, reading, kept.body, kept.etag)


def preferred_type(request: ApiRequest, *offered: bytes) -> bytes:
    """Return the media type that the reader likes best (RFC 9110, section 12.5.1); the first where it does not say."""
    accept = request.header(b"accept").lower()
    if not any(media_type in accept for media_type in offered[1:]):
        return offered[0]
    weights = dict(map(_weight, accept.split(b",")))
    return max(offered, key=lambda media_type: weights.get(media_type, 0.0))


def _address(request: ApiRequest, reading: Reading) -> Address:
    scope = request.scope
    return scope["path"], scope["query_string"], reading.audience


def _tag_of(body: bytes) -> str:
    return sha256(body).hexdigest()[:32]


def _has_already(if_none_match: bytes, tag: bytes) -> bool:
    if if_none_match in (b"", tag):
        return bool(if_none_match)
    # Weak comparison: a proxy that compressed the body has marked its tag as weak.
    known = {each.strip().removeprefix(b"W/") for each in if_none_match.split(b",")}
    return tag in known or b"*" in known


def _weight(accepted: bytes) -> tuple[bytes, float]:
    media_type, *parameters = (part.strip() for part in accepted.split(b";"))
    for parameter in parameters:
        name, _, value = parameter.partition(b"=")
        if name == b"q":
            return media_type, _quality(value)
    return media_type, 1.0


def _quality(value: bytes) -> float:
    try:
        return float(value)
    except ValueError:
        return 0.0

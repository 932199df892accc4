"""What a client sends: its media type, its size, its precondition."""

import re

from pydantic_core import from_json

from api.caching import JSON, NDJSON
from api.errors import BadHeaderError, TooLargeError, UnsupportedMediaTypeError
from api.requests import ApiRequest
from domain.encoding import canonical_json

MAX_EVENT_BYTES = 32 * 1024

_TYPES = {JSON, NDJSON}
_VERSION = re.compile(rb'"([0-9]{1,15})"')


def media_type_of(request: ApiRequest) -> bytes:
    """Return JSON or NDJSON. Raises UnsupportedMediaTypeError."""
    if request.header(b"content-encoding").lower() not in (b"", b"identity"):
        raise UnsupportedMediaTypeError("send the body as it is, without Content-Encoding")
    said = request.header(b"content-type").lower()
    media_type, *parameters = (part.strip() for part in said.split(b";"))
    if media_type not in _TYPES:
        raise UnsupportedMediaTypeError("post application/json or application/x-ndjson")
    for parameter in parameters:
        name, _, value = parameter.partition(b"=")
        if name == b"charset" and value.strip(b'"') not in (b"utf-8", b"utf8"):
            raise UnsupportedMediaTypeError("JSON is UTF-8")
    return media_type


async def read_body(request: ApiRequest, max_bytes: int) -> bytes:
    """Return the whole body. Raises TooLargeError as soon as it is over the limit, whatever it said to be."""
    length = request.header(b"content-length")
    if length.isdigit() and int(length) > max_bytes:
        raise TooLargeError(f"a body has {max_bytes} bytes at most")
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > max_bytes:
            raise TooLargeError(f"a body has {max_bytes} bytes at most")
        parts.append(part)
    return b"".join(parts)


def is_array(body: bytes) -> bool:
    """Tell a JSON array from one event."""
    return body.lstrip(b" \t\r\n").startswith(b"[")


def check_event_size(body: bytes) -> None:
    """Raise TooLargeError for one event that is too long."""
    if len(body) > MAX_EVENT_BYTES:
        raise TooLargeError(f"an event has {MAX_EVENT_BYTES} bytes at most")


def check_item_sizes(body: bytes) -> None:
    """Raise TooLargeError where an item of the array is longer than one event may be."""
    if len(body) <= MAX_EVENT_BYTES:
        return
    try:
        sizes = [len(canonical_json(item)) for item in from_json(body)]
    except ValueError:
        return  # not JSON: whoever reads the events says so, and where
    for index, size in enumerate(sizes):
        if size > MAX_EVENT_BYTES:
            raise TooLargeError(f"an event has {MAX_EVENT_BYTES} bytes at most; item {index} has more")


def precondition_of(request: ApiRequest) -> int | None:
    """Return the version at which the poster must see the claim, 0 where it must not exist.

    Raises BadHeaderError.
    """
    if_match, if_none_match = request.header(b"if-match"), request.header(b"if-none-match")
    if not if_match and not if_none_match:
        return None
    if if_match and if_none_match:
        raise BadHeaderError("send If-Match or If-None-Match, not both")
    if if_none_match:
        if if_none_match != b"*":
            raise BadHeaderError("an append takes If-None-Match: * alone")
        return 0
    version = _VERSION.fullmatch(if_match)
    if version is None:
        raise BadHeaderError('If-Match takes the version of the claim, in quotes: "3"')
    return int(version[1])


def forbid_precondition(request: ApiRequest) -> None:
    """Raise BadHeaderError where a body of several events comes with a precondition."""
    if request.header(b"if-match") or request.header(b"if-none-match"):
        raise BadHeaderError("If-Match and If-None-Match go with a single event")

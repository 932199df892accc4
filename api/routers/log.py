"""The transparency log, for everybody: checkpoints, tiles and entries (c2sp.org/tlog-tiles), and receipts of events."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import Path, Query
from fastapi.responses import PlainTextResponse
from starlette.responses import Response, StreamingResponse

from api.auth import Reader
from api.caching import ReadyResponse, answer, begin_reading
from api.errors import NotFoundError, NotYetPublishedError
from api.ports import TransparencyLog
from api.queries import CheckpointsQuery, ReadQuery
from api.requests import ApiRequest
from api.routing import new_router

router = new_router("log")

_TEXT = b"text/plain; charset=utf-8"
_BYTES = b"application/octet-stream"
_FOR_EVER = b"public, max-age=31536000, immutable"
_CHECKED = b"no-cache"
_AT_ONCE = 1000

_TILE: dict[int | str, dict[str, Any]] = {  # Any: OpenAPI, as JSON
    200: {
        "description": "The hashes, or the entries with their lengths, as they are for ever.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.get("/log/checkpoint", response_class=PlainTextResponse, response_description="A signed note.")
async def get_checkpoint(request: ApiRequest) -> Response:
    """Return the last signed checkpoint (c2sp.org/tlog-checkpoint), with the cosignatures that it has."""
    return _respond(request.ports.log.get_checkpoint(), _TEXT, _CHECKED)


@router.get("/log/checkpoints", response_class=PlainTextResponse, response_description="Signed notes.")
async def list_checkpoints(request: ApiRequest, query: Annotated[CheckpointsQuery, Query()]) -> Response:
    """Return every checkpoint that was ever signed, the oldest first, one signed note after another.

    After a change of origin the old log's last checkpoint stands before the new one's first.
    """
    headers = [(b"content-type", _TEXT), (b"cache-control", _CHECKED)]
    first = await request.ports.log.list_checkpoints(query.after, _AT_ONCE)
    if request.scope.get("is_head"):
        return ReadyResponse(200, b"", headers)
    response = StreamingResponse(_pages(request.ports.log, first, query.after))
    response.raw_headers = headers
    return response


@router.get("/log/key", response_class=PlainTextResponse, response_description="A verifier key.")
async def get_verifier_key(request: ApiRequest) -> Response:
    """Return the verifier key (c2sp.org/signed-note). Compare it with one that you have from elsewhere."""
    return _respond(f"{request.ports.log.verifier_key}\n".encode(), _TEXT, _CHECKED)


@router.get("/log/tile/{path:path}", response_class=Response, responses=_TILE)
async def get_tile(
    request: ApiRequest,
    path: Annotated[
        str, Path(description="`<level>/<number>` or `entries/<number>`, with `.p/<width>` where it is partial.")
    ],
) -> Response:
    """Return a tile of hashes, or a bundle of entries, of the published tree (c2sp.org/tlog-tiles)."""
    tile = await request.ports.log.get_tile(f"tile/{path}")
    if tile is None:
        raise NotFoundError("the published tree has no such tile")
    return _respond(tile, _BYTES, _FOR_EVER)


@router.get("/v1/events/{event_id}/proof", response_class=PlainTextResponse, response_description="A tlog-proof.")
async def get_proof(
    request: ApiRequest,
    key: Reader,
    query: Annotated[ReadQuery, Query()],
    event_id: Annotated[str, Path(description="The event.")],
) -> Response:
    """Return the proof that an event is in the log (c2sp.org/tlog-proof), with the checkpoint that covers it."""
    reading = await begin_reading(request, key, query)
    record = await request.ports.views.get_record(event_id.lower(), reading.audience)
    if record is None:
        raise NotFoundError(f"there is no event {event_id}")
    proof = await request.ports.log.prove(record.position)
    if proof is None:
        raise NotYetPublishedError(f"no checkpoint covers position {record.position} yet")
    return answer(request, reading, proof, media_type=_TEXT)


async def _pages(log: TransparencyLog, first: list[bytes], after: int) -> AsyncIterator[bytes]:
    page = first
    while page:
        yield b"".join(page)
        after += len(page)
        page = await log.list_checkpoints(after, _AT_ONCE)


def _respond(body: bytes, media_type: bytes, caching: bytes) -> Response:
    length = b"%d" % len(body)
    return ReadyResponse(
        200, body, [(b"content-type", media_type), (b"content-length", length), (b"cache-control", caching)]
    )

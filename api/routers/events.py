"""The ledger in its own order, and single events with their stored bytes."""

from functools import partial
from hashlib import sha256
from typing import Annotated

from fastapi import Path, Query
from starlette.responses import Response

from api.auth import Reader
from api.caching import JSON, NDJSON, answer, begin_reading, preferred_type
from api.errors import NotFoundError
from api.live import EVENT_STREAM, EventStream, resume_after
from api.pages import Records, list_page, stream_lines
from api.queries import LedgerQuery, ReadQuery
from api.requests import ApiRequest
from api.routing import new_router
from api.schemas import LISTED_LIVE, EventsPage, Record
from domain.errors import ErasedError

router = new_router("events")

EventId = Annotated[str, Path(description="The event.")]


@router.get("/v1/events", response_model=EventsPage, responses=LISTED_LIVE)
async def list_events(request: ApiRequest, key: Reader, query: Annotated[LedgerQuery, Query()]) -> Response:
    """List the ledger's records in order; as application/x-ndjson all of them, a line each.

    As text/event-stream also those that are recorded from now on: each with its position as id, from which a
    reader that was cut off goes on with Last-Event-ID.
    """
    reading = await begin_reading(request, key, query)
    wanted = preferred_type(request, JSON, NDJSON, EVENT_STREAM)
    if wanted == EVENT_STREAM:
        after = resume_after(request, query.after)
        return EventStream(request, key, reading, request.app.state.live, after)
    read = partial(request.ports.views.list_events, reading.audience)
    records = Records(read=read, place_of=lambda record: record.position)
    respond = stream_lines if wanted == NDJSON else list_page
    return await respond(request, reading, records, query)


@router.get("/v1/events/{event_id}", response_model=Record)
async def get_event(
    request: ApiRequest, key: Reader, query: Annotated[ReadQuery, Query()], event_id: EventId
) -> Response:
    """Return one event as it is on record."""
    reading = await begin_reading(request, key, query)
    record = await request.ports.views.get_record(event_id.lower(), reading.audience)
    if record is None:
        raise _no_such_event(event_id)
    return answer(request, reading, record.body)


@router.get("/v1/events/{event_id}/bytes", response_model=dict[str, object])
async def get_event_bytes(
    request: ApiRequest, key: Reader, query: Annotated[ReadQuery, Query()], event_id: EventId
) -> Response:
    """Return the stored bytes of an event: canonical JSON (RFC 8785), of which `event_sha256` is the SHA-256."""
    reading = await begin_reading(request, key, query)
    stored = await request.ports.views.get_bytes(event_id.lower(), reading.audience)
    if stored is None:
        raise _no_such_event(event_id)
    if stored.state is None:
        raise ErasedError(f"event {event_id} was erased")
    return answer(request, reading, stored.state, sha256(stored.state).hexdigest())


def _no_such_event(event_id: str) -> NotFoundError:
    return NotFoundError(f"there is no event {event_id}")

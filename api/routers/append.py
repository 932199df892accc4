"""Appending: one event, an array of them, or NDJSON without end."""

from collections.abc import Callable, Sequence
from typing import Annotated, Final, TypeVar

from fastapi import Path, Query
from pydantic import TypeAdapter, ValidationError
from starlette.responses import Response

from api.auth import Posting
from api.bodies import (
    check_event_size,
    check_item_sizes,
    forbid_precondition,
    is_array,
    media_type_of,
    precondition_of,
    read_body,
)
from api.bulk import BulkAppend
from api.caching import JSON, NDJSON, ReadyResponse
from api.errors import RetryLaterError
from api.posted import APPENDED, POSTED
from api.queries import AppendQuery, Wait
from api.receipts import encode_receipt, encode_receipts, wait_as_asked
from api.requests import ApiRequest
from api.routing import new_router
from api.schemas import Receipt
from domain.commands import Poster, RecordEvent
from domain.errors import Fault, MalformedError, Refusal
from domain.events import Event
from domain.posting import read_posted, read_posted_array
from domain.receipt import Receipt as Recorded
from domain.values import ClaimId

router = new_router("append")
T = TypeVar("T")

_CLAIM_ID: Final = TypeAdapter[str](ClaimId)


@router.post("/v1/events", status_code=201, response_model=Receipt, responses=APPENDED, openapi_extra=POSTED)
async def append_events(request: ApiRequest, poster: Posting, query: Annotated[AppendQuery, Query()]) -> Response:
    """Record one event, an array of events (all or nothing), or any number as NDJSON (each line for itself).

    An answer of 201 means that the events are durable, for good. Anything may be posted again: an event whose id is
    known is answered with its first receipt.

    Members that are null, "", [] or {} are as if they were not there, whatever their type, except in a patch and as the
    `embargo_until` of an EventReclassified.
    """
    return await _append(request, poster, query, None)


@router.post(
    "/v1/claims/{claim_id}/events", status_code=201, response_model=Receipt, responses=APPENDED, openapi_extra=POSTED
)
async def append_claim_events(
    request: ApiRequest,
    poster: Posting,
    query: Annotated[AppendQuery, Query()],
    claim_id: Annotated[str, Path(description="The claim that the events are about.")],
) -> Response:
    """Do the same as `POST /v1/events`, with the claim id from the address."""
    return await _append(request, poster, query, claim_id)


async def _append(request: ApiRequest, poster: Poster, query: AppendQuery, claim_id: str | None) -> Response:
    if media_type_of(request) == NDJSON:
        _check_claim_id(claim_id)
        forbid_precondition(request)
        return BulkAppend(request, poster, claim_id, wait=query.wait)
    body = await read_body(request, request.ports.options.max_body_bytes)
    if is_array(body):
        return await _append_array(request, poster, body, claim_id, query.wait)
    event = _read(request, body, claim_id, _read_event)
    command = RecordEvent(event=event, poster=poster, if_version=precondition_of(request))
    (receipt,) = await _record(request, [command])
    if query.wait:
        await wait_as_asked(request.ports, query.wait, [receipt])
    if receipt.duplicate:
        return _respond(200, encode_receipt(receipt))
    return _respond(201, encode_receipt(receipt), (b"location", f"/v1/events/{receipt.event_id}".encode()))


async def _append_array(
    request: ApiRequest, poster: Poster, body: bytes, claim_id: str | None, wait: Wait | None
) -> Response:
    events = _read(request, body, claim_id, _read_array)
    forbid_precondition(request)
    try:
        receipts = await _record(request, [RecordEvent(event=event, poster=poster) for event in events])
    except Refusal as refusal:
        refusal.faults = _faults_in_array(refusal)
        raise
    if wait:
        await wait_as_asked(request.ports, wait, receipts)
    is_new = not all(receipt.duplicate for receipt in receipts)
    return _respond(201 if is_new else 200, encode_receipts(receipts))


def _read(request: ApiRequest, body: bytes, claim_id: str | None, read: Callable[[bytes, str | None], T]) -> T:
    """Return what was posted. What is refused here the ledger never sees, and can not count."""
    try:
        posted = read(body, claim_id)
        _check_claim_id(claim_id)
    except Refusal as refusal:
        request.ports.metrics.observe_refusal(refusal.code)
        raise
    return posted


def _read_event(body: bytes, claim_id: str | None) -> Event:
    check_event_size(body)
    return read_posted(body, claim_id)


def _read_array(body: bytes, claim_id: str | None) -> Sequence[Event]:
    check_item_sizes(body)
    return read_posted_array(body, claim_id)


async def _record(request: ApiRequest, commands: Sequence[RecordEvent]) -> Sequence[Recorded]:
    (outcome,) = await request.ports.ledger.record([commands])
    if isinstance(outcome, tuple):
        return outcome
    raise outcome


def _faults_in_array(refusal: Refusal) -> tuple[Fault, ...]:
    """Return the faults of the refused item with its index; where no field is at fault, the item is."""
    if isinstance(refusal, RetryLaterError):
        return ()  # what is recorded is no item's fault
    place = f"/{refusal.index}"
    if not refusal.faults:
        return (Fault(pointer=place, rule=refusal.code, detail=refusal.detail),)
    return tuple(Fault(pointer=place + each.pointer, rule=each.rule, detail=each.detail) for each in refusal.faults)


def _check_claim_id(claim_id: str | None) -> None:
    if claim_id is None:
        return
    try:
        _CLAIM_ID.validate_python(claim_id)
    except ValidationError as error:
        fault = Fault(pointer="/claim_id", rule="claim_id", detail="the address does not name a claim id")
        raise MalformedError(fault.detail, (fault,)) from error


def _respond(status: int, body: bytes, *headers: tuple[bytes, bytes]) -> Response:
    own = [(b"content-type", JSON), (b"content-length", b"%d" % len(body)), (b"cache-control", b"no-store")]
    return ReadyResponse(status, body, [*own, *headers])

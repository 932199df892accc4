"""Claims: lists of them, where each stands, and how it came there."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Path, Query
from starlette.responses import Response

from api.auth import Reader
from api.caching import (
    CSV,
    JSON,
    NDJSON,
    answer_kept,
    begin_reading,
    check_past,
    keep_answer,
    preferred_type,
)
from api.cursors import decode_cursor, encode_cursor
from api.errors import NotFoundError
from api.pages import Records, join_claims, list_page, stream_lines, stream_table
from api.ports import PageWanted, Record
from api.queries import ClaimQuery, ClaimsQuery, RecordsQuery
from api.requests import ApiRequest
from api.routing import new_router
from api.schemas import LISTED_AS_TABLE, Claim, ClaimsPage, HistoryPage

router = new_router("claims")

ClaimId = Annotated[str, Path(description="The claim.")]


@router.get("/v1/claims/{claim_id}", response_model=Claim)
async def get_claim(
    request: ApiRequest, key: Reader, query: Annotated[ClaimQuery, Query()], claim_id: ClaimId
) -> Response:
    """Return where a claim stands, now or as of an earlier instant: status, counts, and links to other claims."""
    reading = await begin_reading(request, key, query)
    kept = answer_kept(request, reading)
    if kept is not None:
        return kept
    cut = check_past(request, query.cut())
    document = await request.ports.views.get_claim(claim_id, reading.audience, cut)
    if document is None:
        raise _no_such_claim(claim_id)
    return keep_answer(request, reading, document.body, document.etag)


@router.get("/v1/claims", response_model=ClaimsPage)
async def list_claims(request: ApiRequest, key: Reader, query: Annotated[ClaimsQuery, Query()]) -> Response:
    """List claims by status, contested, tag, speaker and outlet, now or as of an earlier instant, or search them.

    The pages that follow are as of the first one's position: none is missed or shown twice while events come in.
    """
    after = None if query.cursor is None else decode_cursor(query.cursor, query)
    reading = await begin_reading(request, key, query)
    kept = answer_kept(request, reading)
    if kept is not None:
        return kept
    cut = check_past(request, query.cut())
    wanted = PageWanted(sort=query.order(), limit=query.limit, after=after)
    page = await request.ports.views.list_claims(query.filter(), reading.audience, cut, wanted)
    cursor = None if page.next is None else encode_cursor(page.next, query)
    return keep_answer(request, reading, join_claims(page.items, cursor))


@router.get("/v1/claims/{claim_id}/history", response_model=HistoryPage, responses=LISTED_AS_TABLE)
async def list_history(
    request: ApiRequest, key: Reader, query: Annotated[RecordsQuery, Query()], claim_id: ClaimId
) -> Response:
    """List the records of a claim in order; as application/x-ndjson or text/csv all of them, a line each."""
    reading = await begin_reading(request, key, query)
    cut = check_past(request, query.cut())

    async def read(after: int, limit: int) -> Sequence[Record]:
        records = await request.ports.views.list_history(claim_id, reading.audience, cut, after, limit)
        if records is None:
            raise _no_such_claim(claim_id)
        return records

    records = Records(read=read, place_of=lambda record: record.version)
    respond = {JSON: list_page, NDJSON: stream_lines, CSV: stream_table}[preferred_type(request, JSON, NDJSON, CSV)]
    return await respond(request, reading, records, query)


def _no_such_claim(claim_id: str) -> NotFoundError:
    # What one may not read is refused in the same words as what does not exist.
    return NotFoundError(f"there is no claim {claim_id}")

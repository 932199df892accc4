"""Who reported and denied what, and how it turned out."""

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from api.auth import Reader
from api.caching import answer, begin_reading
from api.cursors import decode_source_cursor, encode_source_cursor
from api.queries import SourcesQuery
from api.requests import ApiRequest
from api.routing import new_router
from api.schemas import Source, SourcesPage

router = new_router("sources")


@router.get("/v1/sources", response_model=SourcesPage)
async def list_sources(request: ApiRequest, key: Reader, query: Annotated[SourcesQuery, Query()]) -> Response:
    """List speakers and outlets with what they reported and denied, those with most statements first.

    Each page is of now: a source that says something between two of them may come twice, or not at all.
    """
    after = None if query.cursor is None else decode_source_cursor(query.cursor, query)
    reading = await begin_reading(request, key, query)
    page = await request.ports.views.list_sources(reading.audience, after, query.limit)
    body = SourcesPage(
        sources=[Source.model_validate(source._asdict()) for source in page.sources],
        next=None if page.next is None else encode_source_cursor(page.next, query),
    )
    return answer(request, reading, body.model_dump_json().encode())

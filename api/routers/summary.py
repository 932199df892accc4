"""The whole ledger at a glance."""

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from api.auth import Reader
from api.caching import answer, begin_reading, check_past
from api.queries import CutQuery
from api.requests import ApiRequest
from api.routing import new_router
from api.schemas import Summary

router = new_router("summary")


@router.get("/v1/summary", response_model=Summary)
async def get_summary(request: ApiRequest, key: Reader, query: Annotated[CutQuery, Query()]) -> Response:
    """Return how many claims stand how, the activity of the last hour of events, and the latest records."""
    reading = await begin_reading(request, key, query)
    document = await request.ports.views.get_summary(reading.audience, check_past(request, query.cut()))
    return answer(request, reading, document.body, document.etag)

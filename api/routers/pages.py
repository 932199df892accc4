"""The pages for people, and what they load: a style sheet and scripts of our own."""

import json
from typing import Annotated, Any

from fastapi import Query
from starlette.responses import Response

from api.auth import Reader
from api.caching import Reading, ReadyResponse, answer, begin_reading, check_past
from api.cursors import decode_cursor, decode_source_cursor, encode_cursor, encode_source_cursor
from api.dashboard.claim_page import render_claim
from api.dashboard.docs_page import render_docs, render_problem
from api.dashboard.overview_page import Overview, render_overview
from api.dashboard.render import HTML, PAGE_HEADERS, list_assets
from api.dashboard.sources_page import render_sources
from api.errors import NotFoundError
from api.page_queries import ClaimPageQuery, FrontPageQuery
from api.ports import ClaimFilter, ClaimPage, PageWanted
from api.problem_kinds import PROBLEM_KINDS
from api.queries import SourcesQuery
from api.requests import ApiRequest
from api.routing import new_router
from domain.reader import Cut

router = new_router("pages")

_CONTESTED = PageWanted(sort="changed", limit=10, after=None)
_SHOWN_ENTRIES = 1000
_SHOWN_LINKS = 100


@router.get("/", include_in_schema=False)
async def get_front_page(request: ApiRequest, key: Reader, query: Annotated[FrontPageQuery, Query()]) -> Response:
    """Return the page of all claims, or of those that a filter names, as the reader sees them."""
    after = None if query.cursor is None else decode_cursor(query.cursor, query)
    reading = await begin_reading(request, key, query)
    cut, views = check_past(request, query.cut()), request.ports.views
    wanted = PageWanted(sort=query.order(), limit=query.limit, after=after)
    page = await views.list_claims(query.filter(), reading.audience, cut, wanted)
    is_whole = query.filter() == ClaimFilter() and after is None
    contested = await _list_contested(request, reading, cut) if is_whole else []
    summary = await views.get_summary(reading.audience, cut)
    overview = Overview(
        claims=_read(page),
        snippets=page.snippets,
        contested=contested,
        summary=json.loads(summary.body),
        chosen=query.chosen(),
        following=None if page.next is None else encode_cursor(page.next, query),
        first_at=await _find_first(request, reading),
    )
    return _answer(request, reading, render_overview(overview))


@router.get("/claims/{claim_id}", include_in_schema=False)
async def get_claim_page(
    request: ApiRequest, key: Reader, query: Annotated[ClaimPageQuery, Query()], claim_id: str
) -> Response:
    """Return the page of one claim, now or as of earlier instants, as the reader sees it."""
    reading = await begin_reading(request, key, query)
    cut, views = check_past(request, query.cut()), request.ports.views
    document = await views.get_claim(claim_id, reading.audience, cut)
    records = await views.list_history(claim_id, reading.audience, cut, 0, _SHOWN_ENTRIES + 1)
    if document is None or records is None:
        raise NotFoundError(f"there is no claim {claim_id}")
    claim = json.loads(document.body)
    others = {}
    for other in dict.fromkeys(link["claim_id"] for link in claim["links"][:_SHOWN_LINKS]):
        found = await views.get_claim(other, reading.audience, cut)
        if found is not None:
            others[other] = json.loads(found.body)
    shown = [json.loads(record.body) for record in records[:_SHOWN_ENTRIES]]
    body = render_claim(claim, shown, others, query.chosen(), has_more=len(records) > len(shown))
    return _answer(request, reading, body)


@router.get("/sources", include_in_schema=False)
async def get_sources_page(request: ApiRequest, key: Reader, query: Annotated[SourcesQuery, Query()]) -> Response:
    """Return the page of who reported and denied what, and how it turned out."""
    after = None if query.cursor is None else decode_source_cursor(query.cursor, query)
    reading = await begin_reading(request, key, query)
    page = await request.ports.views.list_sources(reading.audience, after, query.limit)
    following = None if page.next is None else encode_source_cursor(page.next, query)
    return _answer(request, reading, render_sources(page.sources, following))


@router.get("/docs", include_in_schema=False)
async def get_docs(request: ApiRequest) -> Response:
    """Return the page that lists every operation."""
    return _page(render_docs(request.app.openapi()))


@router.get("/problems/{code}", include_in_schema=False)
async def get_problem(request: ApiRequest, code: str) -> Response:  # noqa: ARG001  # routes take one
    """Return the page that explains a kind of problem."""
    kind = PROBLEM_KINDS.get(code)
    if kind is None:
        raise NotFoundError("there is no such problem")
    return _page(render_problem(code, kind))


@router.get("/assets/{name}", include_in_schema=False)
async def get_asset(request: ApiRequest, name: str) -> Response:  # noqa: ARG001  # routes take one
    """Return the style sheet of all pages, or one of their scripts."""
    found = list_assets().get(name)
    if found is None:
        raise NotFoundError("there is no such file")
    return _ready(*found)


async def _list_contested(request: ApiRequest, reading: Reading, cut: Cut) -> list[Any]:  # Any: claims as JSON
    return _read(await request.ports.views.list_claims(ClaimFilter(contested=True), reading.audience, cut, _CONTESTED))


async def _find_first(request: ApiRequest, reading: Reading) -> str | None:
    """Return when the first entry was recorded that the reader sees: there the time slider begins."""
    records = await request.ports.views.list_events(reading.audience, 0, 1)
    for record in map(json.loads, (record.body for record in records)):
        return str((record["event"] or record["erased"])["recorded_at"])
    return None


def _read(page: ClaimPage) -> list[Any]:  # Any: claims as JSON
    return [json.loads(item) for item in page.items]


def _answer(request: ApiRequest, reading: Reading, body: bytes) -> Response:
    response = answer(request, reading, body, media_type=HTML)
    response.raw_headers += PAGE_HEADERS
    return response


def _page(body: bytes) -> Response:
    response = _ready(HTML, body)
    response.raw_headers += PAGE_HEADERS
    return response


def _ready(media_type: bytes, body: bytes) -> Response:
    headers = [(b"content-type", media_type), (b"content-length", b"%d" % len(body))]
    return ReadyResponse(200, body, [*headers, (b"cache-control", b"no-cache")])

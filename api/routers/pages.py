"""The pages for people, and the style sheet that is all they load."""

from starlette.responses import Response

from api.auth import Reader
from api.caching import ReadyResponse, answer, begin_reading
from api.dashboard.claims_page import render_claims
from api.dashboard.docs_page import render_docs, render_problem
from api.dashboard.layout import HTML, PAGE_HEADERS, style_sheet
from api.errors import NotFoundError
from api.ports import ClaimFilter, PageWanted
from api.problem_kinds import PROBLEM_KINDS
from api.queries import ReadQuery
from api.requests import ApiRequest
from api.routing import new_router
from domain.reader import NOW

router = new_router("pages")

_SHOWN = PageWanted(sort="changed", limit=200, after=None)


@router.get("/", include_in_schema=False)
async def get_front_page(request: ApiRequest, key: Reader) -> Response:
    """Return the page of all claims, as the reader sees them."""
    reading = await begin_reading(request, key, ReadQuery())
    views = request.ports.views
    page = await views.list_claims(ClaimFilter(), reading.audience, NOW, _SHOWN)
    summary = await views.get_summary(reading.audience, NOW)
    body = render_claims(page.items, summary.body, has_more=page.next is not None)
    response = answer(request, reading, body, media_type=HTML)
    response.raw_headers += PAGE_HEADERS
    return response


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


@router.get("/assets/style.css", include_in_schema=False)
async def get_style_sheet(request: ApiRequest) -> Response:  # noqa: ARG001  # routes take one
    """Return the style sheet of all pages."""
    return _ready(b"text/css; charset=utf-8", style_sheet())


def _page(body: bytes) -> Response:
    response = _ready(HTML, body)
    response.raw_headers += PAGE_HEADERS
    return response


def _ready(media_type: bytes, body: bytes) -> Response:
    headers = [(b"content-type", media_type), (b"content-length", b"%d" % len(body))]
    return ReadyResponse(200, body, [*headers, (b"cache-control", b"no-cache")])

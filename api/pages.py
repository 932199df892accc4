"""Lists as clients get them: JSON page by page, or NDJSON as a whole."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass

from starlette.responses import Response, StreamingResponse

from api.caching import CSV, NDJSON, Reading, ReadyResponse, answer_kept, keep_answer
from api.errors import NotFoundError
from api.ports import Record
from api.queries import LedgerQuery, RecordsQuery
from api.requests import ApiRequest
from api.tables import encode_header, encode_row

Wanted = LedgerQuery | RecordsQuery

_DEFAULT_LIMIT = 100
_STREAMED_AT_ONCE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """Records in order: how to read at most so many after a place, and which place a record has."""

    read: Callable[[int, int], Awaitable[Sequence[Record]]]
    place_of: Callable[[Record], int]


def join_claims(items: Sequence[bytes], cursor: str | None) -> bytes:
    """Return the JSON of a page of claims."""
    return b'{"claims":[%b],"next":%b}' % (b",".join(items), f'"{cursor}"'.encode() if cursor else b"null")


async def list_page(request: ApiRequest, reading: Reading, records: Records, query: Wanted) -> Response:
    """Return one page as JSON."""
    kept = answer_kept(request, reading)
    if kept is not None:
        return kept
    limit = query.limit or _DEFAULT_LIMIT
    # One more than is shown tells whether there is a next page.
    found = await records.read(query.after, limit + 1)
    shown = found[:limit]
    following = b"%d" % records.place_of(shown[-1]) if len(found) > limit else b"null"
    return keep_answer(request, reading, b'{"events":[%b],"next":%b}' % (b",".join(r.body for r in shown), following))


async def stream_lines(request: ApiRequest, reading: Reading, records: Records, query: Wanted) -> Response:
    """Return all of it as NDJSON, up to where the read models were at the start."""
    return await _stream(request, reading, records, query, _LINES)


async def stream_table(request: ApiRequest, reading: Reading, records: Records, query: Wanted) -> Response:
    """Return all of it as CSV, up to where the read models were at the start."""
    return await _stream(request, reading, records, query, _TABLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Form:
    media_type: bytes
    head: bytes
    encode: Callable[[Record], bytes]


_LINES = _Form(media_type=NDJSON, head=b"", encode=lambda record: record.body + b"\n")
_TABLE = _Form(media_type=CSV + b"; charset=utf-8", head=encode_header(), encode=encode_row)


async def _stream(request: ApiRequest, reading: Reading, records: Records, query: Wanted, form: _Form) -> Response:
    first = await records.read(query.after, min(query.limit or _STREAMED_AT_ONCE, _STREAMED_AT_ONCE))
    headers = [(b"content-type", form.media_type), *reading.headers()]
    if request.scope.get("is_head"):
        return ReadyResponse(200, b"", headers)
    pages = _pages(first, records, reading.position, query.limit)
    response = StreamingResponse(_encoded(pages, form))
    response.raw_headers = headers
    return response


async def _encoded(pages: AsyncIterator[Sequence[Record]], form: _Form) -> AsyncIterator[bytes]:
    if form.head:
        yield form.head
    async for page in pages:
        yield b"".join(map(form.encode, page))


async def _pages(
    first: Sequence[Record], records: Records, until: int, limit: int | None
) -> AsyncIterator[Sequence[Record]]:
    page = first
    while page:
        # What is recorded meanwhile is left out: on a busy ledger there would be no end.
        shown = [record for record in page if record.position <= until]
        yield shown
        if limit is not None or len(shown) < len(page):
            break
        try:
            page = await records.read(records.place_of(page[-1]), _STREAMED_AT_ONCE)
        except NotFoundError:
            break  # hidden from this reader meanwhile: the rest is not for it

"""Lists as clients get them: JSON page by page, or NDJSON as a whole."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass

from starlette.responses import Response, StreamingResponse

from api.caching import NDJSON, Reading, ReadyResponse, answer
from api.errors import NotFoundError
from api.ports import Record
from api.queries import LedgerQuery, RecordsQuery
from api.requests import ApiRequest

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


async def list_page(
    request: ApiRequest, reading: Reading, records: Records, query: LedgerQuery | RecordsQuery
) -> Response:
    """Return one page as JSON."""
    limit = query.limit or _DEFAULT_LIMIT
    # One more than is shown tells whether there is a next page.
    found = await records.read(query.after, limit + 1)
    shown = found[:limit]
    following = b"%d" % records.place_of(shown[-1]) if len(found) > limit else b"null"
    return answer(request, reading, b'{"events":[%b],"next":%b}' % (b",".join(r.body for r in shown), following))


async def stream_records(
    request: ApiRequest, reading: Reading, records: Records, query: LedgerQuery | RecordsQuery
) -> Response:
    """Return all of it as NDJSON, up to where the read models were at the start."""
    first = await records.read(query.after, min(query.limit or _STREAMED_AT_ONCE, _STREAMED_AT_ONCE))
    headers = [(b"content-type", NDJSON), *reading.headers()]
    if request.scope.get("is_head"):
        return ReadyResponse(200, b"", headers)
    response = StreamingResponse(_stream(first, records, reading.position, query.limit))
    response.raw_headers = headers
    return response


async def _stream(first: Sequence[Record], records: Records, until: int, limit: int | None) -> AsyncIterator[bytes]:
    page = first
    while page:
        # What is recorded meanwhile is left out: on a busy ledger there would be no end.
        shown = [record for record in page if record.position <= until]
        yield b"".join(record.body + b"\n" for record in shown)
        if limit is not None or len(shown) < len(page):
            break
        try:
            page = await records.read(records.place_of(page[-1]), _STREAMED_AT_ONCE)
        except NotFoundError:
            break  # hidden from this reader meanwhile: the rest is not for it

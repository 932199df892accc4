"""Appending NDJSON: lines in, answers out as they commit, and neither direction waits for the other."""

import asyncio
from asyncio import Queue, TaskGroup
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.auth import require_poster
from api.bodies import MAX_EVENT_BYTES
from api.errors import TooLargeError, UnauthorizedError
from api.lines import Line, LineSplitter
from api.patience import record_patiently
from api.ports import Outcome
from api.problems import encode_problem, log_failure, to_problem
from api.queries import Wait
from api.receipts import WAIT_S, find_late, receipt_members
from api.requests import ApiRequest
from api.spool import Spool
from domain.commands import Poster, RecordEvent
from domain.encoding import Json
from domain.errors import Refusal
from domain.posting import read_posted
from domain.receipt import Receipt

# What one call of the ledger holds at most, and how many lines are read before others get their turn.
_WINDOW_LINES = 512
_TURN_LINES = 64

_HEADERS = [(b"content-type", b"application/x-ndjson"), (b"cache-control", b"no-store")]


@dataclass(frozen=True, slots=True)
class ReadLine:
    """A line of which is known what it asks, or why it is refused."""

    number: int
    asked: RecordEvent | Refusal


class BulkAppend(Response):
    """The answer to a body of NDJSON; the body is read, and its events recorded, while it is sent.

    Three tasks: one reads lines, one records them in order, one sends what the spool holds. When the client
    goes away, what was submitted stays, and what was not is dropped.
    """

    def __init__(self, request: ApiRequest, poster: Poster, claim_id: str | None, *, wait: Wait | None) -> None:
        super().__init__()
        self._request = request
        self._poster = poster
        self._claim_id = claim_id
        self._wait = wait
        # Bounded: a ledger that is behind makes the reading wait, and so the client.
        self._lines: Queue[Sequence[ReadLine]] = Queue(maxsize=2 * _WINDOW_LINES // _TURN_LINES)
        self._position = self._count = self._refused = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  # the request has it
        try:
            with Spool() as spool:
                async with TaskGroup() as tasks:
                    reading = tasks.create_task(self._read())
                    tasks.create_task(_send_all(spool, send))
                    await self._record_all(spool)
                    spool.close()
                    reading.cancel()
        except* ClientDisconnect:
            pass  # nobody is left to answer

    async def _read(self) -> None:
        splitter = LineSplitter(MAX_EVENT_BYTES)
        async for piece in self._request.stream():
            await self._hand_on(splitter.feed(piece))
        await self._hand_on(splitter.finish())
        await self._lines.put(())

    async def _hand_on(self, lines: Sequence[Line]) -> None:
        for start in range(0, len(lines), _TURN_LINES):
            await self._lines.put([self._parse(line) for line in lines[start : start + _TURN_LINES]])
            await asyncio.sleep(0)

    def _parse(self, line: Line) -> ReadLine:
        try:
            if line.text is None:
                raise TooLargeError(f"a line has {MAX_EVENT_BYTES} bytes at most")
            event = read_posted(line.text, self._claim_id)
        except Refusal as refusal:
            self._request.ports.metrics.observe_refusal(refusal.code)
            return ReadLine(line.number, refusal)
        return ReadLine(line.number, RecordEvent(event=event, poster=self._poster))

    async def _record_all(self, spool: Spool) -> None:
        """Record window after window: in order, for a later line may refer to an earlier one."""
        async for window in self._windows():
            error = await self._find_revocation() or self._answer(window, await self._record(window), spool)
            if error is not None:
                log_failure(self._request, error)
                spool.put(_last("error", to_problem(error)))
                return
        patience_s = max(WAIT_S, self._request.ports.options.patience_s)
        late = await find_late(self._request.ports, self._wait, self._position, patience_s)
        if late is not None:
            spool.put(_last("error", to_problem(late)))
            return
        spool.put(_last("end", {"position": self._position, "count": self._count, "refused": self._refused}))

    async def _find_revocation(self) -> UnauthorizedError | None:
        """Return the refusal of a key that was revoked since the import began: it may last for hours."""
        try:
            await require_poster(self._request)
        except UnauthorizedError as error:
            return error
        return None

    async def _windows(self) -> AsyncIterator[list[ReadLine]]:
        """Yield what has been read meanwhile, without waiting for more."""
        lines: Sequence[ReadLine] = await self._lines.get()
        while lines:
            window = list(lines)
            while len(window) < _WINDOW_LINES and not self._lines.empty():
                lines = self._lines.get_nowait()
                if not lines:
                    break
                window += lines
            yield window
            lines = lines and await self._lines.get()

    async def _record(self, window: Sequence[ReadLine]) -> list[Outcome]:
        """Return the outcome of every line."""
        ports = self._request.ports
        asked = [line.asked for line in window if isinstance(line.asked, RecordEvent)]
        recorded = iter(await record_patiently(ports.ledger, asked, ports.options.patience_s))
        return [line.asked if isinstance(line.asked, Refusal) else next(recorded) for line in window]

    def _answer(self, window: Sequence[ReadLine], outcomes: Sequence[Outcome], spool: Spool) -> Exception | None:
        """Put the answers of a window; stop at, and return, the first that is neither a receipt nor a refusal."""
        answers, error = [], None
        for line, outcome in zip(window, outcomes, strict=True):
            if isinstance(outcome, tuple | Refusal):
                answers.append(self._encode(line.number, outcome))
            else:
                error = outcome
                break
        spool.put(b"".join(answers))
        return error

    def _encode(self, number: int, outcome: tuple[Receipt, ...] | Refusal) -> bytes:
        self._count += 1
        if isinstance(outcome, Refusal):
            self._refused += 1
            return encode_problem({"line": number, **to_problem(outcome)}) + b"\n"
        receipt = outcome[0]
        self._position = max(self._position, receipt.position)
        return f'{{"line":{number},{receipt_members(receipt)}}}\n'.encode()


def _last(name: str, members: dict[str, Json]) -> bytes:
    return encode_problem({name: members}) + b"\n"


async def _send_all(spool: Spool, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": list(_HEADERS)})
    while piece := await spool.take():
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})

"""The writer's port: from a request's task to the sequencer's thread and back."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import asdict

from api.errors import NotYetErasedError
from api.middleware import current_request_id
from api.ports import Outcome
from domain.commands import RecordEvent
from domain.events import EventErased
from service.requests import Request


class SequencedLedger:
    """Hands the groups of a request to the sequencer, and its answer to the task that waits.

    Who erases is answered when what was erased is gone from every file: `erased` waits for that.
    """

    def __init__(self, submit: Callable[[Request], None], erased: Callable[[int], Awaitable[bool]]) -> None:
        self._submit = submit
        self._erased = erased

    async def record(self, groups: Sequence[Sequence[RecordEvent]]) -> Sequence[Outcome]:
        """Record groups of commands, each whole or not at all. Raises UnavailableError where none can be queued."""
        future: asyncio.Future[Sequence[Outcome]] = asyncio.get_running_loop().create_future()
        self._submit(Request(groups, waiter=future, request_id=current_request_id()))
        outcomes = await future
        erasures = [position for pair in zip(groups, outcomes, strict=True) for position in _erasures(*pair)]
        if erasures and not await self._erased(max(erasures)):
            return [_unfinished(*pair) for pair in zip(groups, outcomes, strict=True)]
        return outcomes


def _erasures(group: Sequence[RecordEvent], outcome: Outcome) -> list[int]:
    """Return the positions of the erasures of a group, retries too."""
    places = [place for place, command in enumerate(group) if isinstance(command.event, EventErased)]
    return [outcome[place].position for place in places] if isinstance(outcome, tuple) else []


def _unfinished(group: Sequence[RecordEvent], outcome: Outcome) -> Outcome:
    if not isinstance(outcome, tuple) or not _erasures(group, outcome):
        return outcome
    told = "the erasure is recorded; the bytes are still in a file of which somebody reads an older state"
    return NotYetErasedError(told, {"receipts": [asdict(receipt) for receipt in outcome]})


def answer(requests: Sequence[Request]) -> None:
    """Wake the tasks that wait, from the sequencer's thread: once a batch, for waking a loop is what costs."""
    loop = requests[0].waiter.get_loop()
    with suppress(RuntimeError):  # the loop has been closed: nobody waits any more
        loop.call_soon_threadsafe(_settle, requests)


def _settle(requests: Sequence[Request]) -> None:
    for request in requests:
        if not request.waiter.done():  # the client has gone away meanwhile
            request.waiter.set_result(request.outcomes)

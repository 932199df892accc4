"""The writer's port: from a request's task to the sequencer's thread and back."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

from api.middleware import current_request_id
from api.ports import Outcome
from domain.commands import RecordEvent
from service.sequencer import Request


class SequencedLedger:
    """Hands the groups of a request to the sequencer, and its answer to the task that waits."""

    def __init__(self, submit: Callable[[Request], None]) -> None:
        self._submit = submit

    async def record(self, groups: Sequence[Sequence[RecordEvent]]) -> Sequence[Outcome]:
        """Record groups of commands, each whole or not at all. Raises UnavailableError where none can be queued."""
        future: asyncio.Future[Sequence[Outcome]] = asyncio.get_running_loop().create_future()
        self._submit(Request(groups, waiter=future, request_id=current_request_id()))
        return await future


def answer(requests: Sequence[Request]) -> None:
    """Wake the tasks that wait, from the sequencer's thread: once a batch, for waking a loop is what costs."""
    loop = requests[0].waiter.get_loop()
    with suppress(RuntimeError):  # the loop has been closed: nobody waits any more
        loop.call_soon_threadsafe(_settle, requests)


def _settle(requests: Sequence[Request]) -> None:
    for request in requests:
        if not request.waiter.done():  # the client has gone away meanwhile
            request.waiter.set_result(request.outcomes)

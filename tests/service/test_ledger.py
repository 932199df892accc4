"""The writer's port: the answer of the sequencer's thread comes to the task that waits for it."""

import asyncio
import threading

import pytest

from api.ports import UnavailableError
from service.ledger import SequencedLedger, answer
from service.sequencer import OverloadedError, Request
from tests.service.posting import deny, report

pytestmark = pytest.mark.anyio


class Queue:
    """Holds requests until they are answered in another thread, all at once, each with its number of groups."""

    def __init__(self) -> None:
        self.requests: list[Request] = []

    def submit(self, request: Request) -> None:
        self.requests.append(request)

    async def until(self, requests: int) -> None:
        while len(self.requests) < requests:
            await asyncio.get_running_loop().run_in_executor(None, threading.get_ident)

    def answer(self) -> None:
        for request in self.requests:
            request.outcomes = [()] * len(request.groups)
        thread = threading.Thread(target=answer, args=(self.requests,))
        thread.start()
        thread.join()


async def test_every_task_gets_the_outcomes_of_its_own_groups():
    queue = Queue()
    ledger = SequencedLedger(queue.submit)
    async with asyncio.TaskGroup() as tasks:
        one = tasks.create_task(ledger.record([[report()]]))
        two = tasks.create_task(ledger.record([[report()], [deny(), deny()]]))
        await queue.until(2)
        queue.answer()
    assert (one.result(), two.result()) == ([()], [(), ()])


async def test_who_has_gone_away_keeps_nobody_else_from_the_answer():
    queue = Queue()
    ledger = SequencedLedger(queue.submit)
    gone = asyncio.create_task(ledger.record([[report()]]))
    waits = asyncio.create_task(ledger.record([[report()]]))
    await queue.until(2)
    gone.cancel()
    queue.answer()
    assert await waits == [()]
    assert gone.cancelled()


async def test_what_is_not_queued_is_refused_at_once():
    def refuse(_: Request) -> None:
        raise OverloadedError("too many events wait")

    with pytest.raises(UnavailableError, match="too many"):
        await SequencedLedger(refuse).record([[report()]])


def test_an_answer_after_the_end_of_the_loop_is_nobodys():
    loop = asyncio.new_event_loop()
    request = Request([[report()]], waiter=loop.create_future())
    loop.close()
    answer([request])
    assert not request.waiter.done()

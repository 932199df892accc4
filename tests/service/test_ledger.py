"""The writer's port: the answer of the sequencer's thread comes to the task that waits for it."""

import asyncio
import threading
from collections.abc import Iterator, Sequence
from itertools import count

import pytest

from api.errors import NotYetErasedError
from api.ports import Outcome, UnavailableError
from domain.commands import RecordEvent
from domain.errors import RoleForbidsError
from domain.receipt import Receipt
from service.erasures import Erasures
from service.ledger import SequencedLedger, answer
from service.requests import OverloadedError, Request
from tests.service.posting import deny, erase, event_id, report

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
    ledger = SequencedLedger(queue.submit, Erasures().wait_for)
    async with asyncio.TaskGroup() as tasks:
        one = tasks.create_task(ledger.record([[report()]]))
        two = tasks.create_task(ledger.record([[report()], [deny(), deny()]]))
        await queue.until(2)
        queue.answer()
    assert (one.result(), two.result()) == ([()], [(), ()])


async def test_who_has_gone_away_keeps_nobody_else_from_the_answer():
    queue = Queue()
    ledger = SequencedLedger(queue.submit, Erasures().wait_for)
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
        await SequencedLedger(refuse, Erasures().wait_for).record([[report()]])


def test_an_answer_after_the_end_of_the_loop_is_nobodys():
    loop = asyncio.new_event_loop()
    request = Request([[report()]], waiter=loop.create_future())
    loop.close()
    answer([request])
    assert not request.waiter.done()


class Files:
    """Says which erasures are done."""

    def __init__(self, done_to: int) -> None:
        self._done_to = done_to
        self.asked: list[int] = []

    async def wait_for(self, position: int) -> bool:
        self.asked.append(position)
        return position <= self._done_to


async def record(files: Files, *groups: list[RecordEvent]) -> Sequence[Outcome]:
    """Record groups of which all are taken, each event at the next position, but for those that deny."""
    positions = count(1)

    def submit(request: Request) -> None:
        request.outcomes = [_outcome(group, positions) for group in request.groups]
        request.waiter.set_result(request.outcomes)

    return await SequencedLedger(submit, files.wait_for).record(groups)


def _outcome(group: Sequence[RecordEvent], positions: Iterator[int]) -> Outcome:
    if group[0].event.type == "ClaimDenied":
        return RoleForbidsError("not you")
    return tuple(
        Receipt(event_id="e", claim_id="c", claim_version=1, position=position, recorded_at="now", event_sha256="00")
        for _, position in zip(group, positions, strict=False)
    )


async def test_who_erases_is_answered_when_it_is_done():
    files = Files(done_to=2)
    outcomes = await record(files, [report(), erase(event_id(1)), report()], [report()])
    assert files.asked == [2]
    assert [type(outcome) for outcome in outcomes] == [tuple, tuple]


async def test_who_erases_nothing_does_not_wait():
    files = Files(done_to=0)
    outcomes = await record(files, [report()], [deny()])
    assert files.asked == []
    assert [type(outcome) for outcome in outcomes] == [tuple, RoleForbidsError]


async def test_who_erases_in_vain_is_told_with_the_receipts_and_nobody_else():
    files = Files(done_to=1)
    outcomes = await record(files, [report()], [report(), erase(event_id(1))], [deny()], [erase(event_id(2))])
    assert files.asked == [4]
    assert [type(each) for each in outcomes] == [tuple, NotYetErasedError, RoleForbidsError, NotYetErasedError]
    assert isinstance(outcomes[1], NotYetErasedError)
    receipts = outcomes[1].members["receipts"]
    assert isinstance(receipts, list)
    assert [receipt["position"] for receipt in receipts if isinstance(receipt, dict)] == [2, 3]

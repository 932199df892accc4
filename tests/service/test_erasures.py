"""Waiting for an erasure to be done: woken from another thread, and not for ever."""

import asyncio
import threading

import pytest

from service.erasures import Erasures

pytestmark = pytest.mark.anyio


def done_in_a_thread(erasures: Erasures, position: int) -> None:
    thread = threading.Thread(target=erasures.done_to, args=(position,))
    thread.start()
    thread.join()


async def test_what_is_done_is_not_waited_for():
    erasures = Erasures(patience_s=0)
    erasures.done_to(3)
    assert [await erasures.wait_for(position) for position in (3, 1, 4)] == [True, True, False]


async def test_who_waits_is_woken_when_it_is_done_and_not_before():
    erasures = Erasures()
    first, second = (asyncio.create_task(erasures.wait_for(position)) for position in (3, 5))
    await asyncio.sleep(0)
    done_in_a_thread(erasures, 4)
    assert await first
    assert not second.done()
    done_in_a_thread(erasures, 5)
    assert await second


async def test_who_has_gone_away_is_not_waited_for():
    erasures = Erasures()
    gone, waits = (asyncio.create_task(erasures.wait_for(3)) for _ in range(2))
    await asyncio.sleep(0)
    gone.cancel()
    done_in_a_thread(erasures, 3)
    assert await waits
    assert gone.cancelled()


async def wait_in_another_loop(erasures: Erasures) -> asyncio.Task[bool]:
    task = asyncio.create_task(erasures.wait_for(3))
    await asyncio.sleep(0)
    return task


def test_after_the_end_of_its_loop_nobody_waits():
    erasures = Erasures()
    with asyncio.Runner() as runner:
        task = runner.run(wait_in_another_loop(erasures))
    erasures.done_to(3)
    assert task.cancelled()

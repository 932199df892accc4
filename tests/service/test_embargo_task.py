"""The task that ends embargoes ends when it is told, whatever else happens then."""

import asyncio

import pytest

from service.embargoes import EmbargoEnder
from tests.api.fakes import World


async def list_none(_now_us: int, _limit: int) -> list[object]:
    return []


async def next_none() -> None:
    return None


async def run_and_cancel_with_news() -> None:
    ender = EmbargoEnder(World().ports().ledger, lambda: 0, list_none, next_none)  # type: ignore[arg-type]  # no embargoes
    task = asyncio.create_task(ender.run())
    for _ in range(5):
        await asyncio.sleep(0)
    ender.wake()
    # The loop's turn in which what waits has its result, and does not run yet.
    await asyncio.sleep(0)
    task.cancel()
    async with asyncio.timeout(5):
        await task


def test_it_ends_when_it_is_cancelled_together_with_news():
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(run_and_cancel_with_news())

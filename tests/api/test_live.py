"""What those who listen share is read once, and held no longer than it may be shown."""

import asyncio

import pytest

from api.news import LiveReads
from api.ports import Record
from tests.api.fakes import FakeViews
from tests.reachable import texts_in

pytestmark = pytest.mark.anyio


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


class CountingViews(FakeViews):
    """Counts how often it is read."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = 0

    async def list_events(self, audience: int, after: int, limit: int) -> list[Record]:  # noqa: ARG002  # the port's
        self.reads += 1
        return [Record(b'{"text":"what they heard"}', after + 1, 1)]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_those_who_listen_at_once_share_what_is_read_for_a_moment():
    clock, views = Clock(), CountingViews()
    reads = LiveReads(elapsed_s=clock)
    first = await reads.read(views, 0, 3)
    assert (await reads.read(views, 0, 3), views.reads) == (first, 1)
    clock.now_s += 2.1  # the database may be away, and what is held erased
    await reads.read(views, 0, 3)
    assert views.reads == 2


async def test_the_last_who_goes_leaves_nothing_behind():
    reads = LiveReads()
    one, other = (asyncio.create_task(asyncio.sleep(0)) for _ in range(2))
    reads.join(one, 0)
    reads.join(other, 0)
    await reads.read(CountingViews(), 0, 3)
    reads.leave(one)
    assert "what they heard" in texts_in(list(vars(reads).values()))
    reads.leave(other)
    assert "what they heard" not in texts_in(list(vars(reads).values()))

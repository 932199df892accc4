"""Who listens with a key that is no longer good listens no more; the key is looked up once for all of them."""

import asyncio
from contextlib import ExitStack

import pytest

from api.doorkeeping import Doorkeeper
from api.ports import Key, UnavailableError
from api.requests import ApiRequest
from tests.api.fakes import FakeKeys, World

pytestmark = pytest.mark.anyio


class CountingKeys(FakeKeys):
    """Counts how often a key is looked up, and fails where it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.looks = 0
        self.fault: Exception | None = None

    async def find(self, secret: str) -> Key | None:
        self.looks += 1
        if self.fault:
            raise self.fault
        return await super().find(secret)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def keys() -> CountingKeys:
    return CountingKeys()


@pytest.fixture
def door() -> Doorkeeper:
    return Doorkeeper(0.001)


def asked_with(keys: FakeKeys, key: str) -> ApiRequest:
    world = World()
    world.keys = keys
    return ApiRequest(
        {"type": "http", "headers": [(b"authorization", b"Bearer " + key.encode())], "ports": world.ports()}
    )


def sending() -> asyncio.Task[None]:
    return asyncio.create_task(asyncio.Event().wait())  # type: ignore[arg-type]  # it never returns


async def test_a_key_is_looked_up_once_for_all_who_listen_with_it(keys, door):
    desk, junior = asked_with(keys, "editor"), asked_with(keys, "reporter")
    streams, other = [sending() for _ in range(50)], sending()
    with ExitStack() as stack:
        stack.enter_context(door.let_in(junior, other))
        for stream in streams:
            stack.enter_context(door.let_in(desk, stream))
        keys.uses = 10
        await asyncio.wait([*streams, other])
    assert all(stream.cancelled() for stream in [*streams, other])
    assert keys.looks == 10 + 2  # each of both keys was refused once


@pytest.mark.parametrize("fault", [UnavailableError("the database is away"), RuntimeError("a bug")])
async def test_who_comes_after_a_look_has_failed_is_looked_after_anew(keys, door, fault):
    first, second = sending(), sending()
    keys.fault = fault
    with door.let_in(asked_with(keys, "editor"), first):
        await asyncio.wait([first])
        keys.fault = None
        with door.let_in(asked_with(keys, "editor"), second):
            keys.uses = 3
            await asyncio.wait([second])
    assert (first.cancelled(), second.cancelled()) == (True, True)


async def test_who_has_gone_is_looked_after_no_more(keys, door):
    before = asyncio.all_tasks()
    one, other = sending(), sending()
    with door.let_in(asked_with(keys, "editor"), one), door.let_in(asked_with(keys, "editor"), other):
        assert len(asyncio.all_tasks() - before) == 3  # both streams, and one who looks
    await asyncio.sleep(0)
    assert asyncio.all_tasks() - before == {one, other}
    one.cancel()
    other.cancel()

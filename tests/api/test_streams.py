"""Streams of events: from any position, with a heartbeat, for as long as the key is good, and read once for all."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from fastapi import FastAPI

from api.app import create_app
from api.news import LiveReads, Pace
from api.ports import Record, UnavailableError
from tests.api.fakes import FakeViews, World
from tests.api.test_append import codes

NEVER = Pace(heartbeat_s=1000, look_s=1000)


class GrowingViews(FakeViews):
    """A ledger that goes on: the public sees every event but the third of each ten."""

    def __init__(self) -> None:
        super().__init__()
        self.position = 0
        self.records: list[Record] = []
        self.reads = 0
        self.fault: Exception | None = None
        self._moved = asyncio.Condition()

    async def append(self, count: int = 1) -> None:
        async with self._moved:
            added = range(self.position + 1, self.position + 1 + count)
            self.records += [Record(b'{"position":%d}' % number, number, 1) for number in added]
            self.position += count
            self._moved.notify_all()

    async def wait_for(self, position: int, timeout_s: float) -> bool:  # noqa: ARG002
        async with self._moved:
            await self._moved.wait_for(lambda: self.position >= position)
        return True

    async def list_events(self, audience: int, after: int, limit: int) -> Sequence[Record]:
        self.reads += 1
        if self.fault:
            raise self.fault
        seen = [record for record in self.records if audience or record.position % 10 != 3]
        return [record for record in seen if record.position > after][:limit]


class Stream:
    """What a reader is sent, piece by piece; None is the end."""

    def __init__(self) -> None:
        self.pieces: asyncio.Queue[str | None] = asyncio.Queue()
        self.gone = asyncio.Event()

    async def receive(self) -> dict[str, Any]:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.body":
            self.pieces.put_nowait(message["body"].decode())
            if not message.get("more_body"):
                self.pieces.put_nowait(None)

    async def heard(self) -> list[int]:
        """Return the positions in the next piece: none for a heartbeat."""
        piece = await self.pieces.get()
        assert piece is not None
        return [int(line.removeprefix("id: ")) for line in piece.splitlines() if line.startswith("id: ")]

    async def rest(self) -> list[str]:
        """Return what is sent until the end."""
        pieces = []
        while (piece := await self.pieces.get()) is not None:
            pieces.append(piece)
        return pieces


@asynccontextmanager
async def listening(app: FastAPI, *, last: int | None = None, key: str = "", query: str = "") -> AsyncIterator[Stream]:
    headers = [(b"accept", b"text/event-stream")]
    headers += [(b"authorization", b"Bearer " + key.encode())] if key else []
    headers += [(b"last-event-id", b"%d" % last)] if last is not None else []
    scope = {"type": "http", "method": "GET", "path": "/v1/events", "query_string": query.encode(), "headers": headers}
    stream = Stream()
    answering = asyncio.create_task(app(scope, stream.receive, stream.send))
    assert await stream.heard() == []  # the reader sees at once that it is connected
    yield stream
    stream.gone.set()
    await answering


def app_of(views: FakeViews, pace: Pace = NEVER, world: World | None = None) -> FastAPI:
    world = world or World()
    world.views = views
    app = create_app(world.ports())
    app.state.live = LiveReads(pace)
    return app


@pytest.mark.parametrize(
    ("last", "query", "first"), [(None, "", 1), (0, "after=4", 1), (4, "", 5), (None, "after=6", 7)]
)
def test_a_stream_begins_after_any_position_and_goes_on(last, query, first):
    async def play() -> None:
        views = GrowingViews()
        await views.append(7)
        async with listening(app_of(views), last=last, query=query, key="editor") as stream:
            assert first == 8 or await stream.heard() == list(range(first, 8))
            for position in (8, 9, 10):
                await views.append()
                assert await stream.heard() == [position]

    asyncio.run(play())


def test_who_comes_again_misses_nothing_and_hears_nothing_twice():
    async def play() -> None:
        views, heard = GrowingViews(), [0]
        app = app_of(views)
        for _ in range(20):
            await views.append(2)
            async with listening(app, last=heard[-1], key="editor") as stream:
                heard += await stream.heard()
                await views.append()
                heard += await stream.heard()
        assert heard == list(range(61))

    asyncio.run(play())


def test_pages_of_a_long_past_follow_one_another():
    async def play() -> None:
        views = GrowingViews()
        heard: list[int] = []
        await views.append(1234)
        async with listening(app_of(views), key="editor") as stream:
            while len(heard) < 1234:
                heard += await stream.heard()
        assert heard == list(range(1, 1235))

    asyncio.run(play())


def test_what_one_may_not_see_wakes_nobody_and_a_thousand_read_once():
    async def play() -> None:
        views = GrowingViews()
        await views.append(2)
        app = app_of(views)
        async with (
            listening(app, last=2) as one,
            listening(app, last=2) as other,
            listening(app, key="editor", last=2) as desk,
        ):
            await views.append()
            assert await desk.heard() == [3]
            assert (one.pieces.empty(), other.pieces.empty()) == (True, True)
            reads = views.reads
            await views.append()
            assert [await stream.heard() for stream in (one, other, desk)] == [[4], [4], [4]]
            assert views.reads <= reads + 3  # the third is the public's look at what it does not see

    asyncio.run(play())


def test_a_quiet_stream_beats():
    async def play() -> None:
        async with listening(app_of(GrowingViews(), Pace(heartbeat_s=0, look_s=0.001))) as stream:
            assert [await stream.heard() for _ in range(3)] == [[], [], []]

    asyncio.run(play())


def test_a_revoked_key_ends_its_stream_as_a_whole_answer():
    async def play() -> None:
        world = World()
        app = app_of(GrowingViews(), Pace(look_s=0.001), world)
        async with listening(app, key="editor") as stream, listening(app) as public:
            world.keys.uses = 0
            assert await stream.rest() == [""]
            assert public.pieces.empty()

    asyncio.run(play())


def test_a_stream_ends_when_nothing_can_be_read():
    async def play() -> None:
        views = GrowingViews()
        async with listening(app_of(views)) as stream, listening(app_of(views)) as other:
            views.fault = UnavailableError("the database is away")
            await views.append()
            assert await stream.rest() == await other.rest() == [""]
            views.fault = None
            async with listening(app_of(views)) as again:
                assert await again.heard() == [1]

    asyncio.run(play())


def test_streams_end_when_the_service_stops_those_too_that_come_late():
    async def play() -> None:
        app = app_of(GrowingViews())
        async with listening(app) as stream:
            app.state.live.end()
            assert await stream.rest() == [""]
        late = Stream()
        headers = [(b"accept", b"text/event-stream")]
        scope = {"type": "http", "method": "GET", "path": "/v1/events", "query_string": b"", "headers": headers}
        await app(scope, late.receive, late.send)
        assert "".join(await late.rest()).strip(":\n ping") == ""

    asyncio.run(play())


def test_where_nobody_listens_nothing_is_read():
    async def play() -> None:
        views = GrowingViews()
        async with listening(app_of(views)) as stream:
            await views.append()
            assert await stream.heard() == [1]
        reads = views.reads
        await views.append()
        for _ in range(100):
            await asyncio.sleep(0)
        assert views.reads == reads

    asyncio.run(play())


@pytest.mark.parametrize("last", ["-1", "x", "9" * 30])
def test_what_is_no_position_is_refused(client, last):
    headers = {"Accept": "text/event-stream", "Last-Event-ID": last}
    assert codes(client.get("/v1/events", headers=headers))[0] == 422

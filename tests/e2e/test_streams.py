"""Streams of events over real sockets: they end when the service does, for a revoked key, and for who does not read."""

import asyncio
import json
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from api.app import create_app
from api.news import LiveReads, Pace
from api.ports import Record
from service.admission import Admission
from service.connections import ServiceProtocol
from tests.api.fakes import FakeViews, World
from tests.e2e.cluster import nodes_in
from tests.e2e.service_process import ServiceProcess
from tests.e2e.test_operating import small_report
from tests.service.test_admission import Counted


@contextmanager
def listening(service: ServiceProcess, key: str | None = None, after: int = 0) -> Iterator[Iterator[str]]:
    """Yield the lines of a stream that is connected."""
    headers = {"Accept": "text/event-stream", "Last-Event-ID": str(after)}
    with service.client(key) as client, client.stream("GET", "/v1/events", headers=headers) as response:
        assert response.headers["Content-Type"] == "text/event-stream"
        lines = response.iter_lines()
        assert next(lines).startswith(":")
        yield lines


def next_event(lines: Iterator[str]) -> tuple[int, dict[str, Any]]:
    """Return the id and the data of the next event, past any heartbeat."""
    data = next(line for line in lines if line.startswith("data: "))
    number = next(line for line in lines if line.startswith("id: "))
    return int(number.removeprefix("id: ")), json.loads(data.removeprefix("data: "))


def post(service: ServiceProcess, key: str, claim: str) -> None:
    with service.client(key) as client:
        client.post("/v1/events", json=small_report(claim)).raise_for_status()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def nodes(request: pytest.FixtureRequest, tmp_path) -> Iterator[tuple[ServiceProcess, ServiceProcess]]:
    """Yield where one appends and revokes, and where another listens: the same node, or two on one PostgreSQL."""
    settings = {}
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_url")
        settings = {"database_url": url, "direct_database_url": url}
    first, second = nodes_in(tmp_path, 2, **settings)
    with first:
        if not settings:
            yield first, first
            return
        with second:
            yield first, second


def test_a_stream_shows_what_any_node_appends_and_ends_with_its_key(nodes):
    appending, heard = nodes
    editor, key = appending.create_key("desk", "editor"), appending.create_key("listener", "reporter")
    with listening(heard, key) as lines:
        post(appending, editor, "claim-1")
        number, record = next_event(lines)
        assert (number, record["position"], record["event"]["claim_id"]) == (1, 1, "claim-1")
        revoke(appending, "listener")
        assert all(line.startswith(":") or not line for line in lines)  # and there is an end
    with heard.client(key) as client:
        assert client.get("/v1/events").status_code == httpx.codes.UNAUTHORIZED


def revoke(service: ServiceProcess, name: str) -> None:
    listed = service.command("keys", "list").stdout
    row = next(line for line in listed.splitlines() if name in line)
    found = re.search(r"[0-9a-f]{8}-[0-9a-f-]{27}", row)
    assert found is not None
    assert service.command("keys", "revoke", found[0]).returncode == 0


def test_streams_end_as_whole_answers_when_the_service_is_told_to_stop(service: ServiceProcess):
    with listening(service) as lines, listening(service) as others:
        assert service.stop() == 0
        # What was cut off instead, after some seconds of grace, would raise here.
        assert list(lines) == list(others) == [""]
    assert "graceful" not in service.log_path.read_text()
    service.start()


def test_who_resumes_after_an_end_misses_nothing_and_hears_nothing_twice(service: ServiceProcess):
    key, heard = service.create_key("desk", "editor"), [0]
    for end in (service.stop, service.kill):
        for number in range(4):
            post(service, key, f"claim-{len(heard)}-{number}")
        with listening(service, key, after=heard[-1]) as lines:
            heard += [next_event(lines)[0] for _ in range(3)]
        end()
        service.start()
    post(service, key, "claim-last")
    with listening(service, key, after=heard[-1]) as lines:
        heard += [next_event(lines)[0] for _ in range(3)]
    assert heard == list(range(10))


class Unlingering(ServiceProtocol):
    linger_s = 0.01


class EndlessViews(FakeViews):
    """A ledger of long events, without an end."""

    def __init__(self) -> None:
        super().__init__()
        self.position = 1_000_000
        self.sent = 0

    async def wait_for(self, position: int, timeout_s: float) -> bool:  # noqa: ARG002
        await asyncio.Event().wait()
        return True

    async def list_events(self, audience: int, after: int, limit: int) -> list[Record]:  # noqa: ARG002
        self.sent += 1
        return [Record(b'"%s"' % (b"word " * 500), number, 1) for number in range(after + 1, after + 1 + limit)]


def test_who_does_not_read_is_dropped_and_not_buffered_for():
    world = World()
    world.views = views = EndlessViews()
    app = create_app(world.ports())
    app.state.live = LiveReads(Pace(slow_s=0.05, farewell_s=0.05))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        asyncio.run(serve_until_dropped(app, listener))
    assert 0 < views.sent < 20


async def serve_until_dropped(app: FastAPI, listener: socket.socket) -> None:
    http: Any = partial(Unlingering, Admission(asyncio.get_running_loop().time, Counted()))
    server = uvicorn.Server(uvicorn.Config(app, http=http, log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    with socket.create_connection(listener.getsockname()) as stream:
        stream.sendall(b"GET /v1/events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n")
        await until(lambda: bool(server.server_state.connections))
        await until(lambda: not server.server_state.connections)  # its transport is gone, and what was left in it
    server.should_exit = True
    await serving


async def until(is_so: Callable[[], bool]) -> None:
    """Let the loop turn until something is so: uvicorn tells nobody."""
    while not is_so():  # noqa: ASYNC110  # as the docstring says
        await asyncio.sleep(0)

"""Log lines carry the id of their request, and nothing of what clients send."""

import asyncio
import json
import logging
import socket
import sys
from collections.abc import Iterator
from io import StringIO

import httpx
import pytest
import structlog
import uvicorn
from pydantic import ValidationError

from api.app import create_app
from api.ports import UnavailableError
from domain.events import EVENT as EVENTS
from service.erasures import Erasures
from service.ledger import SequencedLedger, answer
from service.logs import configure_logging
from service.sequencer import Limits, Sequencer
from tests.api.fakes import World
from tests.service.desk import NOON_US, FaultyStore

SECRET = "a-key-that-nobody-may-see"
TEXT = "What the source said in confidence."
EVENT = {
    "type": "ClaimReported",
    "claim_id": "a-telling-name",
    "data": {"claim": {"text": TEXT}, "speaker": {"name": "S"}},
}


@pytest.fixture(params=["console", "json"])
def log(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[StringIO]:
    """Log in one form, into what the test can read."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers = []
    lines = StringIO()
    monkeypatch.setattr(sys, "stderr", lines)
    configure_logging(request.param, "debug")
    yield lines
    root.handlers = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def broken_by_bytes() -> ValidationError:
    """Return an error that quotes what it was given."""
    with pytest.raises(ValidationError) as error:
        EVENTS.validate_python({**EVENT, "unheard_of": TEXT})
    assert TEXT in str(error.value)
    return error.value


def play(world: World, *requests: httpx.Request) -> list[httpx.Response]:
    """Serve over a real socket, as the service does, and send requests."""

    async def serve() -> list[httpx.Response]:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            config = uvicorn.Config(create_app(world.ports()), log_config=None, access_log=False, lifespan="off")
            server = uvicorn.Server(config)
            serving = asyncio.create_task(server.serve(sockets=[listener]))
            url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            try:
                async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
                    return [await client.send(_at(url, request)) for request in requests]
            finally:
                server.should_exit = True
                await serving

    return asyncio.run(serve())


def _at(url: str, request: httpx.Request) -> httpx.Request:
    headers = {**request.headers, "host": httpx.URL(url).netloc.decode()}
    return httpx.Request(request.method, url + request.url.path, headers=headers, content=request.content)


def post(request_id: str, key: str = "editor") -> httpx.Request:
    headers = {"Authorization": f"Bearer {key}", "X-Request-Id": request_id}
    return httpx.Request("POST", "http://ledger/v1/claims/a-telling-name/events", headers=headers, json=EVENT)


def assert_nothing_of_clients_is_in(said: str) -> None:
    assert said
    for private in (TEXT, SECRET, "a-telling-name", "Bearer", "editor"):
        assert private not in said


def test_what_nobody_foresaw_is_logged_with_its_request_and_without_its_values(log):
    world = World()
    world.ledger.next.extend([RuntimeError("the first"), broken_by_bytes()])
    statuses = [each.status_code for each in play(world, post("request-0001"), post("request-0002"))]
    said = log.getvalue()
    assert statuses == [500, 500]
    assert_nothing_of_clients_is_in(said)
    assert "RuntimeError('the first')" in said
    # Once by us, once by the server with the traceback.
    assert (said.count("request-0001"), said.count("request-0002")) == (2, 2)
    assert "in append_claim_events" in said
    if said.startswith("{"):
        lines = [json.loads(line) for line in said.splitlines()]
        assert [line["request_id"] for line in lines] == ["request-0001"] * 2 + ["request-0002"] * 2


def test_what_is_not_available_is_logged_with_its_request(log):
    world = World()
    world.ledger.next.append(UnavailableError("the disk is full"))
    play(world, post("request-0003"), post("request-0004", key=SECRET))
    said = log.getvalue()
    assert_nothing_of_clients_is_in(said)
    assert "request-0003" in said
    assert "request-0004" not in said  # refused, and told why


def test_a_batch_that_failed_names_the_requests_that_were_in_it(log, application):
    store = FaultyStore(application.recorder)
    store.faults.append("away")
    world = World()
    sequencer = Sequencer(store, lambda: NOON_US, answer, lambda _: None, Limits())
    world.ledger = SequencedLedger(sequencer.submit, Erasures().wait_for)  # type: ignore[assignment]  # the real one, in a fake's place
    sequencer.start()
    (response,) = play(world, post("request-0005"))
    sequencer.stop()
    said = log.getvalue()
    assert response.status_code == 503
    assert_nothing_of_clients_is_in(said)
    (batch,) = [line for line in said.splitlines() if "batch_failed" in line]
    assert "request-0005" in batch


def test_errors_in_groups_and_their_causes_are_told_without_values(log):
    error = LookupError("the outer")
    error.__cause__ = ExceptionGroup("several", [broken_by_bytes(), RuntimeError("another")])
    structlog.get_logger().error("failed", error=error, exc_info=error)
    said = log.getvalue()
    assert TEXT not in said
    for told in ("ValidationError", "RuntimeError('another')", "LookupError('the outer')"):
        assert told in said

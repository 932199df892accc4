"""A service that may open no more files refuses, loses nothing, and goes on by itself as soon as it may again."""

import resource
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import count
from pathlib import Path
from time import monotonic
from typing import Any

import httpx
import pytest

from tests.e2e.service_process import ServiceProcess
from tests.e2e.test_operating import all_records, small_report

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs prlimit")
PATIENCE_S = 30


@contextmanager
def no_file_left(service: ServiceProcess) -> Iterator[None]:
    """Let the service open hardly more files than it has, for good, and have clients take those for a while."""
    # As many as a client, a thread that reads and one that signs open: with fewer it would never be whole again.
    limit = len(list(Path(f"/proc/{service.pid}/fd").iterdir())) + 12
    _, hard = resource.prlimit(service.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(service.pid, resource.RLIMIT_NOFILE, (limit, hard))
    host, port = service.url.removeprefix("http://").split(":")
    with ExitStack() as held:
        for _ in range(50):
            held.enter_context(socket.create_connection((host, int(port)), timeout=PATIENCE_S))
        yield


def connect_on(service: ServiceProcess, strangers: ExitStack, until_s: float) -> None:
    """Have more and more clients connect, for as long as they are answered."""
    while monotonic() < until_s:
        strangers.enter_context(service.client()).get("/healthz", timeout=0.5)


def post(client: httpx.Client, number: int) -> dict[str, Any] | None:
    """Return the receipt; where it is not recorded now, None."""
    try:
        answer = client.post("/v1/events", json=small_report(f"claim-{number}"))
    except httpx.TransportError:
        return None
    assert answer.status_code in (201, 503), answer.text
    return dict(answer.json()) if answer.status_code == 201 else None


def test_no_file_left_to_open_loses_nothing_and_ends_by_itself(service: ServiceProcess):
    key = service.create_key("desk", "editor")
    numbers, until_s = count(), monotonic() + PATIENCE_S
    with service.client(key) as client:
        receipts = [post(client, next(numbers))]
        with no_file_left(service):
            receipts += [post(client, next(numbers)) for _ in range(20)]
            with suppress(httpx.TransportError):
                assert client.get("/v1/events", params={"limit": 1000}).status_code in (200, 503)
            # What it had open for a moment when they were counted may be free by now: strangers take that too.
            with ExitStack() as strangers, pytest.raises(httpx.TransportError):
                connect_on(service, strangers, until_s)
        while receipts[-1] is None or client.get("/v1/claims/claim-0").status_code != 200:
            assert monotonic() < until_s
            receipts.append(post(client, next(numbers)))
    with service.client(key) as client:
        client.get("/v1/summary", params={"min_position": receipts[-1]["position"]}).raise_for_status()
        while client.get("/readyz").status_code != 200:
            assert monotonic() < until_s
        digests = {record["event_sha256"] for record in all_records(client)}
    assert {receipt["event_sha256"] for receipt in receipts if receipt} <= digests
    assert service.stop() == 0

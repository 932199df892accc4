"""Implementations that know nothing of us find the served log right, whatever its size."""

import json
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from tests.e2e.foreign.judges import (
    Log,
    build_go_judge,
    judge_receipt_with_sigstore,
    judge_with_go,
    judge_with_pymerkle,
)
from tests.e2e.service_process import ServiceProcess

NDJSON = {"Content-Type": "application/x-ndjson"}
LINE = '{"type":"ClaimReported","claim_id":"claim-%d","data":{"claim":{"text":"A text."},"speaker":{"name":"D"}}}'
TILES = {1: 1, 2: 1, 255: 1, 256: 2, 257: 3, 65_536: 258, 70_000: 277}
"""How many tiles a tree of a size has: 70,000 is the specification's own example."""


@pytest.fixture(scope="module")
def go_judge(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_go_judge(tmp_path_factory.mktemp("go"))


def grow(client: httpx.Client, size: int) -> str:
    """Record events up to a size, wait until a checkpoint covers them, and return the id of the last one."""
    known = int(client.get("/v1/summary").headers["Onrecord-Position"])
    lines = "\n".join(LINE % (number // 100) for number in range(known, size - 1))
    client.post("/v1/events", content=lines, headers=NDJSON, timeout=600).raise_for_status()
    event_id = str(uuid4())
    last = {"event_id": event_id, **json.loads(LINE % size)}
    # On a busy machine it takes longer than one request waits: again with the same id is one event.
    while (
        answer := client.post("/v1/events?wait=published", json=last)
    ).status_code == httpx.codes.SERVICE_UNAVAILABLE:
        pass
    assert answer.raise_for_status().json()["position"] == size
    return event_id


def check_with_python(client: httpx.Client, size: int, last: str) -> None:
    log = Log(client)
    assert log.checkpoint().checkpoint.log_size == size
    assert judge_with_pymerkle(log) >= 1
    entries = log.entries(size)
    first = client.get("/v1/events?limit=1").json()["events"][0]["event"]["event_id"]
    for event_id, index in ((first, 0), (last, size - 1)):
        receipt = log.get(f"/v1/events/{event_id}/proof")
        assert judge_receipt_with_sigstore(receipt, entries[index]) == index


def judge(service: ServiceProcess, program: Path | None, sizes: list[int]) -> None:
    with service.client(service.create_key("desk", "importer")) as client:
        for size in sizes:
            last = grow(client, size)
            check_with_python(client, size, last)
            if program is not None:
                key = client.get("/log/key").text.strip()
                said = judge_with_go(program, f"{service.url}/log", key)
                assert said.startswith(f"size {size}, {TILES[size]} tiles, ")


def test_python_finds_small_logs_right(service: ServiceProcess):
    judge(service, None, [1, 2, 255, 256, 257])


def test_go_finds_small_logs_right(service: ServiceProcess, go_judge):
    judge(service, go_judge, [1, 2, 255, 256, 257])


@pytest.mark.timeout(900)
def test_all_find_large_logs_right(service: ServiceProcess, go_judge):
    judge(service, go_judge, [65_536, 70_000])

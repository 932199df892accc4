"""A database that is away: posts are refused or wait, reads say how old they are, and all goes on when it is back."""

import json
import threading
from time import monotonic
from typing import Any

import httpx
import pytest

from tests.e2e.service_process import ServiceProcess
from tests.e2e.test_operating import all_records, small_report
from tests.postgres_server import PostgresServer, server_folder

PATIENCE_S = 60


def post_for(client: httpx.Client, seconds: float) -> list[httpx.Response]:
    """Post for so long, and at least twice."""
    answers: list[httpx.Response] = []
    until_s = monotonic() + seconds
    while len(answers) < 2 or monotonic() < until_s:
        answers.append(client.post("/v1/events", json=small_report("one")))
    return answers


def import_lines(client: httpx.Client, told: list[dict[str, Any]]) -> None:
    lines = [json.dumps(small_report(f"line-{number}")) + "\n" for number in range(50)]
    headers = {"Content-Type": "application/x-ndjson"}
    answer = client.post("/v1/events", content="".join(lines), headers=headers, timeout=300)
    told.extend(json.loads(line) for line in answer.text.splitlines())


@pytest.mark.parametrize("seconds", [0, pytest.param(60, marks=pytest.mark.soak)])
def test_a_database_that_is_away_loses_nothing_and_is_not_missed_when_it_is_back(tmp_path, seconds):
    with server_folder() as folder, PostgresServer(folder, fsync="off") as server:
        settings = {"database_url": server.url, "direct_database_url": server.url, "patience_s": f"{seconds + 60}"}
        with ServiceProcess(tmp_path / "data", **settings) as service:
            key = service.create_key("desk", "editor")
            with service.client(key) as client, service.client(key) as other:
                answered = [client.post("/v1/events", json=small_report("one"))]
                server.stop()
                told: list[dict[str, Any]] = []
                importing = threading.Thread(target=import_lines, args=(other, told))
                importing.start()
                refused = post_for(client, seconds)
                assert {(each.status_code, each.headers["retry-after"] >= "1") for each in refused} == {(503, True)}
                assert client.get("/healthz").status_code == 200
                assert client.get("/readyz").status_code == 503
                server.start()
                answered.append(post_until_taken(client))
                importing.join(PATIENCE_S)
                receipts = [*(each.json() for each in answered), *(line for line in told if "event_sha256" in line)]
                client.get("/v1/summary", params={"min_position": len(receipts)}).raise_for_status()
                records = all_records(client)
            assert told[-1]["end"]["count"] == 50
            digests = [[str(each["event_sha256"]) for each in found] for found in (receipts, records)]
            assert sorted(digests[0]) == sorted(digests[1])


def post_until_taken(client: httpx.Client) -> httpx.Response:
    until_s = monotonic() + PATIENCE_S
    while (answer := client.post("/v1/events", json=small_report("one"))).status_code != 201:
        assert monotonic() < until_s, answer.text
    return answer

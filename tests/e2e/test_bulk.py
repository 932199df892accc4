"""Bulk imports over a real socket: complete, repeatable, and never stuck."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.e2e.conftest import SHARED, read_lines
from tests.e2e.service_process import ServiceProcess
from tests.json_feed import faults_of

EMERGENT = SHARED / "emergent.ndjson"
NDJSON = {"Content-Type": "application/x-ndjson"}
JSON = {"Content-Type": "application/json"}
needs_emergent = pytest.mark.skipif(not EMERGENT.exists(), reason="the Emergent data set is not beside the clone")


def post_lines(client: httpx.Client, lines: Iterator[bytes] | list[bytes]) -> list[dict[str, Any]]:
    with client.stream("POST", "/v1/events", content=iter(lines), headers=NDJSON, timeout=150) as response:
        assert response.status_code == 200
        return [json.loads(line) for line in response.iter_lines()]


def check_emergent(client: httpx.Client) -> None:
    client.get("/v1/summary", params={"min_position": 2895}).raise_for_status()
    for claim in read_lines(SHARED / "expected" / "emergent.jsonl"):
        assert client.get(f"/v1/claims/{claim['claim_id']}").json()["standing"] == claim["now"]
    feed = client.get("/feed.json").json()
    assert (len(feed["items"]), faults_of(feed)) == (50, [])


@needs_emergent
def test_three_hundred_rumours_stand_as_expected_and_again_changes_nothing(service: ServiceProcess):
    lines = EMERGENT.read_bytes().splitlines(keepends=True)
    with service.client(service.create_key("importer", "importer")) as client:
        *receipts, end = post_lines(client, lines)
        assert [receipt["position"] for receipt in receipts] == list(range(1, 2896))
        assert end == {"end": {"position": 2895, "count": 2895, "refused": 0}}
        check_emergent(client)
        *again, _ = post_lines(client, lines)
        assert again == [{**receipt, "duplicate": True} for receipt in receipts]
        assert client.get("/v1/summary").json()["events"] == 2895


@needs_emergent
@pytest.mark.parametrize("cut_after", [1, 700, 2200])
def test_an_import_that_was_cut_is_repeated_to_the_same_end(service: ServiceProcess, cut_after):
    lines = EMERGENT.read_bytes().splitlines(keepends=True)

    def breaks_off() -> Iterator[bytes]:
        yield from lines[:cut_after]
        yield lines[cut_after][:100]
        raise ConnectionError("the newsroom's network is gone")

    with service.client(service.create_key("importer", "importer")) as client:
        with pytest.raises(ConnectionError):
            post_lines(client, breaks_off())
        *receipts, end = post_lines(client, lines)
        assert end["end"]["refused"] == 0
        assert [receipt["position"] for receipt in receipts] == list(range(1, 2896))
        check_emergent(client)


@needs_emergent
def test_the_import_command_tells_what_it_did(service: ServiceProcess):
    key = service.create_key("importer", "importer")
    arguments = ("import", str(EMERGENT), "--url", service.url, "--key", key)
    assert service.command(*arguments).stdout == "emergent.ndjson: 2895 events recorded, 0 known already, 0 refused\n"
    assert service.command(*arguments).stdout == "emergent.ndjson: 0 events recorded, 2895 known already, 0 refused\n"


# 20,000 answers are many times what sockets and the server hold in memory between them.
@pytest.mark.parametrize("lines", [20_000, pytest.param(200_000, marks=pytest.mark.soak)])
def test_a_client_that_sends_all_before_it_reads_does_not_hang(service: ServiceProcess, lines):
    line = (
        b'{"type":"ClaimReported","claim_id":"claim-%d","data":{"claim":{"text":"A text."},"speaker":{"name":"D"}}}\n'
    )
    with service.client(service.create_key("desk", "reporter")) as client:
        *receipts, end = post_lines(client, (line % (number % 5_000) for number in range(lines)))
    assert [receipt["position"] for receipt in receipts] == list(range(1, lines + 1))
    assert end == {"end": {"position": lines, "count": lines, "refused": 0}}


def test_a_bad_line_is_refused_alone_and_named(service: ServiceProcess):
    good = b'{"type":"ClaimReported","claim_id":"one","data":{"claim":{"text":"A text."},"speaker":{"name":"D"}}}\n'
    with service.client(service.create_key("desk", "reporter")) as client:
        first, second, third, end = post_lines(client, [good, b"\n", b'{"type":"Nothing"}\n', good])
    assert (first["position"], third["position"]) == (1, 2)
    assert (second["line"], second["status"], second["errors"][0]["pointer"]) == (3, 422, "/type")
    assert end == {"end": {"position": 2, "count": 3, "refused": 1}}


def test_imports_that_fill_the_queue_keep_nobody_else_out(tmp_path):
    line = b'{"type":"ClaimReported","claim_id":"c-%d","data":{"claim":{"text":"A text."},"speaker":{"name":"D"}}}\n'
    with ServiceProcess(tmp_path / "data", queue_limit="600") as service, ThreadPoolExecutor(4) as threads:
        importer, other = service.create_key("importer", "importer"), service.create_key("desk", "reporter")
        with service.client(importer) as bulk, service.client(other) as single:
            imports = [
                threads.submit(post_lines, bulk, [line % number for number in range(first, first + 1_500)])
                for first in range(0, 6_000, 1_500)
            ]
            posted = 0
            while posted < 20 or not all(each.done() for each in imports):
                posted += 1
                answer = single.post("/v1/events", content=line % -posted, headers=JSON)
                assert answer.status_code == 201
            assert [each.result()[-1]["end"]["count"] for each in imports] == [1_500] * 4

"""Erasing over HTTP: what was erased is in no file when the answer comes, and every digest is what it was."""

import hashlib
import json
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from random import Random
from uuid import UUID

import httpx
import psycopg
import pytest
from psycopg import sql

from tests.e2e.cluster import nodes_in
from tests.e2e.foreign.judges import Log, judge_receipt_with_sigstore, judge_with_pymerkle

NDJSON = {"Content-Type": "application/x-ndjson"}
READ_ALL = {"Accept": "application/x-ndjson"}
READER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN")
connection.execute("SELECT * FROM sqlite_master").fetchall()
print("reading", flush=True)
sys.stdin.readline()
"""


def event_id(number: int) -> str:
    return str(UUID(int=number, version=4))


def marker(number: int) -> str:
    return f"<secret {number}>"


def report(number: int) -> dict[str, object]:
    claim = {"text": f"{marker(number)} " * (1 + number % 40), "tags": [marker(number)]}
    data = {"claim": claim, "speaker": {"name": marker(number)}, "publication": {"outlet": marker(number)}}
    return {"type": "ClaimReported", "event_id": event_id(number), "claim_id": f"claim-{number}", "data": data}


def correction(number: int) -> dict[str, object]:
    patch = {"data": {"note": marker(number)}}
    data = {"target_event_id": event_id(number), "patch": patch, "reason": "because", "reason_kind": "typo"}
    own = {"event_id": event_id(10**5 + number), "claim_id": f"claim-{number}"}
    return {"type": "EventCorrected", "data": data, **own}


def erasure(number: int, classification: str = "public") -> dict[str, object]:
    data = {"target_event_id": event_id(number), "reason": "an order", "reason_kind": "personal_data"}
    own = {"event_id": event_id(10**6 + number), "classification": classification}
    return {"type": "EventErased", "claim_id": f"claim-{number}", "data": data, **own}


def lines(events: list[dict[str, object]]) -> bytes:
    return b"".join(json.dumps(event).encode() + b"\n" for event in events)


def post_lines(client: httpx.Client, events: list[dict[str, object]]) -> list[dict[str, object]]:
    answer = client.post("/v1/events", content=lines(events), headers=NDJSON, params={"wait": "projected"})
    *answers, end = [json.loads(line) for line in answer.text.splitlines()]
    assert "end" in end, end
    return answers


def found_in(folder: Path, numbers: range) -> set[int]:
    """Return of which of these events any file holds a piece."""
    content = b"\0".join(path.read_bytes() for path in sorted(folder.iterdir()))
    return {number for number in numbers if marker(number).encode() in content}


def records(client: httpx.Client) -> list[dict[str, object]]:
    with client.stream("GET", "/v1/events", headers=READ_ALL) as response:
        return [json.loads(line) for line in response.iter_lines()]


@contextmanager
def reading(path: Path):
    """Read a database as it is now, for as long as this lasts, in another process.

    Not in this one: locks on files are the process's, and who looks into a file and closes it lets go of them all.
    """
    command = [sys.executable, "-c", READER, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as reader:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "reading\n"
        yield
        reader.communicate("enough\n")


def test_a_hundred_of_a_thousand_are_erased_and_no_file_holds_their_texts(service, tmp_path):
    numbers = range(1, 1001)
    chosen = Random(7).sample(numbers, 100)
    with service.client(service.create_key("admin", "admin")) as client:
        receipts = post_lines(client, [*map(report, numbers), *map(correction, chosen[:20])])
        before = {record["position"]: record["event_sha256"] for record in records(client)}
        assert found_in(tmp_path / "data", numbers) == set(numbers)
        for number in chosen[:30]:
            assert client.post("/v1/events", json=erasure(number)).status_code == 201
            assert found_in(tmp_path / "data", range(number, number + 1)) == set()
        assert len(post_lines(client, [erasure(number) for number in chosen[30:]])) == 70
        assert found_in(tmp_path / "data", numbers) == set(numbers) - set(chosen)
        after = records(client)
        check_what_is_left(client, chosen)
    assert [receipt["event_sha256"] for receipt in receipts] == list(before.values())
    assert {record["position"]: record["event_sha256"] for record in after[: len(before)]} == before
    assert sum(record["event"] is None for record in after) == 120
    assert service.command("backup", str(tmp_path / "archive")).returncode == 0
    assert found_in(tmp_path / "archive", numbers) == set(numbers) - set(chosen)


def check_what_is_left(client: httpx.Client, chosen: list[int]) -> None:
    number = chosen[0]
    assert client.get(f"/v1/events/{event_id(number)}/bytes").status_code == 410
    assert client.post("/v1/events", json=report(number)).status_code == 410
    assert client.post("/v1/events", json=erasure(number)).status_code == 200
    assert client.post("/v1/events", json={**erasure(number), "event_id": event_id(2 * 10**6)}).status_code == 409
    record = client.get(f"/v1/events/{event_id(number)}").json()
    assert record["event"] is None
    assert record["erased"]["by"] == event_id(10**6 + number)
    claim = client.get(f"/v1/claims/claim-{number}").json()
    assert (claim["text"], claim["tags"], claim["standing"]["status"]) == (None, [], "unreported")
    history = client.get(f"/v1/claims/claim-{number}/history").json()["events"]
    assert [each["effective"] for each in history] == [None] * len(history)
    csv = client.get(f"/v1/claims/claim-{number}/history", headers={"Accept": "text/csv"}).text
    assert marker(number) not in csv
    assert csv.count("\r\n") == 1 + len(history)
    early = client.get(f"/v1/claims/claim-{number}", params={"position": 1000}).json()
    assert (early["text"], early["standing"]["counts"]["retracted"]) == (None, 1)


def test_every_proof_stands_when_a_hundred_of_a_thousand_are_erased(service):
    numbers = range(1, 1001)
    chosen = Random(8).sample(numbers, 100)
    with service.client(service.create_key("admin", "admin")) as client:
        post_lines(client, [report(number) for number in numbers])
        client.post("/v1/events?wait=published", json=report(1001)).raise_for_status()
        log = Log(client)
        entries = log.entries(1001)
        receipts = receipts_of(log, numbers)
        assert len(post_lines(client, [erasure(number) for number in chosen])) == 100
        client.post("/v1/events?wait=published", json=report(1002)).raise_for_status()
        assert log.entries(1102)[:1001] == entries
        for given in (receipts, receipts_of(log, numbers)):
            assert [judge_receipt_with_sigstore(*each) for each in zip(given, entries, strict=False)] == [*range(1000)]
        assert judge_with_pymerkle(log) >= 2
        key = client.get("/log/key").text.strip()
    done = service.command("verify", service.url, "--key", key)
    assert (done.returncode, done.stderr) == (0, "")
    assert "1102 entries" in done.stdout.replace(",", "")


def receipts_of(log: Log, numbers: range) -> list[bytes]:
    return [log.get(f"/v1/events/{event_id(number)}/proof") for number in numbers]


def test_killed_before_the_files_are_scrubbed_it_finishes_and_the_retry_hears_of_it(service, tmp_path):
    admin = service.create_key("admin", "admin")
    answers: list[int] = []

    def erase() -> None:
        with service.client(admin) as client:
            try:
                answers.append(client.post("/v1/events", json=erasure(1)).status_code)
            except httpx.TransportError:
                answers.append(0)

    with service.client(admin) as client:
        post_lines(client, [report(1), report(2)])
        with reading(tmp_path / "data" / "ledger.db"):
            thread = threading.Thread(target=erase)
            thread.start()
            while client.get(f"/v1/events/{event_id(1)}/bytes").status_code != 410:
                pass
            assert found_in(tmp_path / "data", range(1, 3)) == {1, 2}
            assert not answers
            service.kill()
            thread.join()
    assert answers == [0]
    service.start()
    with service.client(admin) as client:
        answer = client.post("/v1/events", json=erasure(1))
        assert (answer.status_code, answer.json()["duplicate"]) == (200, True)
        assert found_in(tmp_path / "data", range(1, 3)) == {2}


def test_an_array_may_erase_what_it_has_recorded(service, tmp_path):
    with service.client(service.create_key("admin", "admin")) as client:
        answer = client.post("/v1/events", json=[report(1), correction(1), erasure(1)])
        assert answer.status_code == 201
        positions = [receipt["position"] for receipt in answer.json()["receipts"]]
        assert positions == [1, 2, 3]
        assert found_in(tmp_path / "data", range(1, 2)) == set()
        assert client.post("/v1/events", json=[report(1), erasure(1)]).status_code == 410
        assert [record["erased"] is None for record in records(client)] == [False, False, True, True]


@pytest.mark.parametrize("classification", ["confidential", "internal"])
def test_the_public_learns_of_an_erasure_only_as_much_as_it_may(service, classification):
    with service.client(service.create_key("admin", "admin")) as client:
        post_lines(client, [report(1)])
        assert client.post("/v1/events", json=erasure(1, classification)).status_code == 201
    with service.client() as public:
        record = public.get(f"/v1/events/{event_id(1)}").json()
        assert (record["event"], record["erased"]["by"]) == (None, None)
        assert public.get(f"/v1/events/{event_id(10**6 + 1)}").status_code == 404


def test_the_digest_of_an_erased_event_is_that_of_its_bytes(service):
    with service.client(service.create_key("admin", "admin")) as client:
        receipt = client.post("/v1/events", json=report(1), params={"wait": "projected"}).json()
        stored = client.get(f"/v1/events/{event_id(1)}/bytes").content
        assert hashlib.sha256(stored).hexdigest() == receipt["event_sha256"]
        client.post("/v1/events", json=erasure(1))
        assert client.get(f"/v1/events/{event_id(1)}").json()["event_sha256"] == receipt["event_sha256"]


def rows_that_tell_of(url: str, number: int) -> int:
    """Return how many rows of a database hold a text, as text or as bytes, in whichever of its tables."""
    text = f"%{marker(number)}%"
    with psycopg.connect(url, autocommit=True) as connection:
        tables = connection.execute("SELECT schemaname, tablename FROM pg_tables WHERE schemaname !~ '^(pg|info)'")
        found = [
            connection.execute(
                sql.SQL("SELECT count(*) FROM {0} t WHERE t::text LIKE %s OR t::text LIKE %s").format(
                    sql.Identifier(*name)
                ),
                (text, f"%{marker(number).encode().hex()}%"),
            ).fetchone()
            for name in tables.fetchall()
        ]
    return sum(row[0] for row in found if row)


@pytest.mark.postgres
def test_on_postgresql_no_row_holds_it_and_no_node_shows_it(tmp_path, postgres_url):
    nodes = nodes_in(tmp_path / "nodes", 2, database_url=postgres_url, origin="ledger.example")
    with (
        nodes[0] as one,
        nodes[1] as other,
        one.client(one.create_key("admin", "admin")) as client,
        other.client() as reader,
    ):
        post_lines(client, [report(1), report(2), correction(1)])
        assert rows_that_tell_of(postgres_url, 1) > 3
        answer = client.post("/v1/events", json=erasure(1))
        assert answer.status_code == 201
        assert rows_that_tell_of(postgres_url, 1) == 0
        assert rows_that_tell_of(postgres_url, 2) > 1
        claim = reader.get("/v1/claims/claim-1", params={"min_position": answer.json()["position"]})
        assert (claim.json()["text"], claim.json()["standing"]["counts"]["retracted"]) == (None, 1)
        assert reader.get(f"/v1/events/{event_id(1)}/bytes").status_code == 410
        assert client.post("/v1/events", json=erasure(1)).json()["duplicate"] is True

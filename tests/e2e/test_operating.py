"""Starting, stopping and the commands, as an operator sees them."""

import json
import os
import pty
import resource
import sqlite3
import subprocess
import threading
from pathlib import Path

import httpx
import pytest

from tests.e2e.service_process import ONRECORD, ServiceProcess


def small_report(claim_id: str) -> dict[str, object]:
    data = {"claim": {"text": f"The text of {claim_id}."}, "speaker": {"name": "Desk"}}
    return {"type": "ClaimReported", "claim_id": claim_id, "data": data}


def post_until_stopped(service: ServiceProcess, key: str, name: str, receipts: list[dict[str, object]]) -> None:
    with service.client(key) as client:
        while True:
            try:
                answer = client.post("/v1/events", json=small_report(name))
            except httpx.TransportError:
                return
            if answer.status_code == 503:
                return
            receipts.append(answer.json())


def test_sigterm_under_load_answers_what_is_queued_and_ends(service: ServiceProcess):
    key = service.create_key("desk", "reporter")
    receipts: list[list[dict[str, object]]] = [[] for _ in range(4)]
    threads = [
        threading.Thread(target=post_until_stopped, args=(service, key, f"claim-{n}", receipts[n])) for n in range(4)
    ]
    for thread in threads:
        thread.start()
    with service.client() as client:
        assert client.get("/v1/summary", params={"min_position": 50}).status_code == 200
    assert service.stop() == 0
    for thread in threads:
        thread.join(timeout=30)
    service.start()
    with service.client() as client:
        digests = {record["event_sha256"] for record in all_records(client)}
    answered = [receipt for each in receipts for receipt in each]
    assert len(answered) >= 50
    assert {receipt["event_sha256"] for receipt in answered} <= digests


def test_a_service_that_is_stopped_as_soon_as_it_listens_ends(service: ServiceProcess):
    assert service.stop() == 0
    for _ in range(3):
        service.start()
        assert service.stop() == 0


def all_records(client: httpx.Client) -> list[dict[str, object]]:
    lines = client.get("/v1/events", headers={"Accept": "application/x-ndjson"}).text.splitlines()
    return [json.loads(line) for line in lines]


def test_a_key_is_good_at_once_and_dead_when_revoked(service: ServiceProcess):
    made = service.command("keys", "create", "--name", "desk", "--role", "reporter")
    assert (made.returncode, made.stderr) == (0, "")
    with service.client(made.stdout.strip()) as client:
        assert client.post("/v1/events", json=small_report("one")).status_code == 201
        (listed,) = [json.loads(line) for line in service.command("keys", "list").stdout.splitlines()]
        assert (listed["name"], listed["role"], listed["audience"]) == ("desk", "reporter", "staff")
        assert service.command("keys", "revoke", listed["id"]).returncode == 0
        # Each try is a request that takes its time: five seconds are some thousands of them.
        assert any(client.get("/v1/summary").status_code == 401 for _ in range(100_000))
        assert client.post("/v1/events", json=small_report("two")).status_code == 401
    again = service.command("keys", "revoke", listed["id"])
    assert (again.returncode, again.stderr) == (2, f"onrecord: there is no good key with the id {listed['id']}\n")


def test_who_reads_what_may_be_confidential_is_on_record_also_when_the_service_is_killed_then(
    service: ServiceProcess,
):
    editor, reporter = service.create_key("desk", "editor"), service.create_key("bot", "reporter")
    with service.client(editor) as client:
        assert client.post("/v1/events?wait=projected", json=small_report("one")).status_code == 201
        for path in ("/v1/claims/one?valid_at=2024-10-04T12:00:00Z", "/v1/claims/one", "/v1/claims?q=secret+word"):
            client.get(path)
    with service.client(reporter) as client:
        client.get("/v1/claims/one")
    service.kill()
    listed = [json.loads(line) for line in service.command("accesses").stdout.splitlines()]
    assert {(each["key"], each["audience"], each["address"]) for each in listed} == {
        ("desk", "desk", "/v1/claims/one"),
        ("desk", "desk", "/v1/claims"),
    }
    for option, value, found in (
        *(("--about", "one", True), ("--about", "on", False), ("--key", "desk", True), ("--key", "bot", False)),
        *(("--key", listed[0]["key_id"], True), ("--since", "2999-01-01T00:00:00Z", False)),
        ("--until", "2999-01-01T00:00:00Z", True),
    ):
        assert bool(service.command("accesses", option, value).stdout) is found, option
    assert service.command("accesses", "--since", "noon").returncode == 2


def on_terminal(service: ServiceProcess, *arguments: str) -> str:
    """Return what a command shows on a terminal."""
    leader, follower = pty.openpty()
    with open(leader, "rb", buffering=0) as shown:  # noqa: PTH123  # it has no path
        environment = {**service.environment, "COLUMNS": "100", "TERM": "xterm"}
        subprocess.run([ONRECORD, *arguments], env=environment, stdout=follower, check=True, timeout=60)
        os.close(follower)
        return shown.read(65_536).decode()


def test_a_terminal_shows_tables(service: ServiceProcess):
    with service.client(service.create_key("desk", "editor")) as client:
        client.get("/v1/summary")
    assert "/v1/summary" in on_terminal(service, "accesses")
    key_id = json.loads(service.command("keys", "list").stdout)["id"]
    assert key_id in on_terminal(service, "keys", "list")


def test_when_a_key_was_last_used_is_listed(service: ServiceProcess):
    used, _ = service.create_key("used", "reporter"), service.create_key("unused", "reporter")
    with service.client(used) as client:
        client.get("/v1/summary")
    service.stop()
    listed = [json.loads(line) for line in service.command("keys", "list").stdout.splitlines()]
    assert [each["last_used_at"] is None for each in listed] == [False, True]


def test_the_bootstrap_key_counts_only_while_there_is_no_key(tmp_path):
    first, second = "a-first-secret-of-more-than-32-characters", "a-second-secret-of-more-than-32-characters"
    with ServiceProcess(tmp_path / "data", bootstrap_admin_key=first) as service, service.client(first) as client:
        assert client.post("/v1/events", json=small_report("one")).status_code == 201
    with ServiceProcess(tmp_path / "data", bootstrap_admin_key=second) as service, service.client(second) as client:
        assert client.post("/v1/events", json=small_report("one")).status_code == 401


@pytest.mark.parametrize(
    ("settings", "arguments", "message"),
    [
        ({"queue_limit": "none"}, ("serve",), "ONRECORD_QUEUE_LIMIT: "),
        ({"bootstrap_admin_key": "short"}, ("serve",), "ONRECORD_BOOTSTRAP_ADMIN_KEY: "),
        ({}, ("serve", "--host", "0.0.0.0"), "serving on 0.0.0.0 needs ONRECORD_PUBLIC_READS said: true or false"),
        ({}, ("serve", "--workers", "2"), "SQLite has one writer"),
        ({}, ("keys", "create", "--name", "Jane Doe", "--role", "editor"), "a key's name has only a-z"),
        ({}, ("demo", "--key", "k", "--url", "http://127.0.0.1:9"), "the service does not take the events"),
    ],
)
def test_what_can_not_be_done_is_one_line_and_exit_code_2(tmp_path, settings, arguments, message):
    ended = ServiceProcess(tmp_path / "data", **settings).command(*arguments)
    assert ended.returncode == 2
    assert ended.stderr.startswith(f"onrecord: {message}"), ended.stderr
    assert ended.stderr.count("\n") == 1


def test_a_port_that_is_taken_is_one_line(service: ServiceProcess):
    port = service.url.rsplit(":", 1)[1]
    ended = service.command("serve", "--port", port)
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)
    assert "in use" in ended.stderr


def test_a_data_directory_of_a_newer_release_is_refused(tmp_path):

    (tmp_path / "data").mkdir()
    connection = sqlite3.connect(tmp_path / "data" / "ledger.db")
    connection.execute("PRAGMA user_version = 999")
    connection.close()
    ended = ServiceProcess(tmp_path / "data").command("serve", "--port", "0")
    assert ended.returncode == 2
    assert "the database has schema 999" in ended.stderr


def test_the_openapi_document_is_fresh(tmp_path):
    written = tmp_path / "openapi.json"
    assert ServiceProcess(tmp_path / "data").command("openapi", "--output", str(written)).returncode == 0

    kept = Path(__file__).parents[2] / "openapi" / "openapi.json"
    assert written.read_text() == kept.read_text(), "make openapi"


@pytest.mark.parametrize("size_bytes", [0, 60_000, 100_000, 140_000, 180_000])
def test_a_disk_that_is_full_at_the_start_is_one_line(tmp_path, size_bytes):
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, size_bytes))

    # What counts lines would not find room to say so either.
    settings = ServiceProcess(tmp_path / "data").environment
    environment = {name: value for name, value in settings.items() if not name.startswith("COVERAGE_")}
    ended = subprocess.run(
        [ONRECORD, "serve", "--port", "0"],
        env=environment,
        preexec_fn=limit,  # no thread of ours holds anything that it needs
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("onrecord: "), ended.stderr
    assert ended.stderr.count("\n") == 1

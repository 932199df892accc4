"""Backups, restores and rebuilds beside a real service that takes events, as an operator runs them."""

import json
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from service.store.generations import Generations
from tests.e2e.conftest import DATA
from tests.e2e.service_process import ONRECORD, ServiceProcess
from tests.e2e.test_bulk import post_lines
from tests.e2e.test_operating import all_records, small_report
from tests.service.archives import (
    AUDITOR_KEY,
    EMPTY,
    GOLDEN,
    GOLDEN_EVENTS,
    contents,
    followed,
    golden_ledger,
    views_rows,
)


class Watcher(threading.Thread):
    """Reads a claim and the summary over and over: what is shown never goes back, and is never a half."""

    def __init__(self, service: ServiceProcess, claim_id: str) -> None:
        super().__init__(daemon=True)
        self._service, self._claim_id = service, claim_id
        self._stopping = threading.Event()
        self.wrong: list[str] = []
        self.reads = 0

    def run(self) -> None:
        version = events = 0
        with self._service.client() as client:
            while not self._stopping.is_set():
                claim = self._get(client, f"/v1/claims/{self._claim_id}")
                summary = self._get(client, "/v1/summary")
                before = (version, events)
                version, events = claim["version"], summary["events"]
                if (version, events) < before or version < before[0] or events < before[1]:
                    self.wrong.append(f"{before} was followed by {(version, events)}")
                if claim["standing"]["counts"]["reports"] != version or events != sum(map(_count, summary["minutes"])):
                    self.wrong.append(f"a half was shown: {claim} {summary}")
                self.reads += 1

    def stop(self) -> None:
        self._stopping.set()
        self.join(timeout=60)

    def _get(self, client: httpx.Client, path: str) -> dict[str, Any]:
        answer = client.get(path)
        if answer.status_code != 200:
            self.wrong.append(answer.text)
        body: dict[str, Any] = answer.json()
        return body


def _count(minute: dict[str, int]) -> int:
    return minute["events"]


@contextmanager
def appending(service: ServiceProcess, key: str, claim_id: str) -> Iterator[list[str]]:
    """Append reports of a claim, one after another, for as long as this lasts; yields what was answered."""
    stopping, digests = threading.Event(), []
    failed: list[str] = []

    def append() -> None:
        with service.client(key) as client:
            while not stopping.is_set():
                answer = client.post("/v1/events", json=small_report(claim_id))
                if answer.status_code != 201:
                    failed.append(answer.text)
                    return
                digests.append(answer.json()["event_sha256"])

    thread = threading.Thread(target=append, daemon=True)
    thread.start()
    try:
        yield digests
    finally:
        stopping.set()
        thread.join(timeout=60)
    assert failed == []


def finished(service: ServiceProcess, *arguments: str) -> str:
    ended = service.command(*arguments)
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout


def check_rows_equal_following(data_dir: Path, scratch: Path) -> None:
    generations = Generations(data_dir, data_dir / "ledger.db")
    current = followed(generations, generations.current())
    assert views_rows(generations, current) == views_rows(generations, followed(generations, scratch))


def wait_for_file(service: ServiceProcess, client: httpx.Client, name: str) -> None:
    """Wait until the service reads a file: each try is a request that takes its time."""
    assert any(
        f'"file": "{name}"' in service.log_path.read_text()
        for _ in range(20_000)
        if client.get("/v1/summary").status_code == 200
    )


def test_a_rebuild_beside_a_service_that_takes_events_is_seen_by_nobody(tmp_path):
    data_dir = tmp_path / "data"
    with ServiceProcess(data_dir) as service, service.client(key := service.create_key("desk", "reporter")) as client:
        first = client.post("/v1/events", json=small_report("watched"), params={"wait": "projected"})
        assert first.status_code == 201
        watcher = Watcher(service, "watched")
        watcher.start()
        with appending(service, key, "watched") as digests:
            assert finished(service, "rebuild").startswith("the read models are made anew, up to position ")
            wait_for_file(service, client, "views-2.db")
        watcher.stop()
        assert watcher.wrong == []
        assert watcher.reads > 10
        position = len(digests) + 1
        claim = client.get("/v1/claims/watched", params={"min_position": position}).json()
        assert (claim["version"], claim["standing"]["counts"]["reports"]) == (position, position)
        assert sorted(path.name for path in data_dir.glob("views*.db")) == ["views-2.db"]
    check_rows_equal_following(data_dir, tmp_path / "scratch.db")


def test_a_rebuild_that_is_killed_is_taken_up_by_the_next(service: ServiceProcess, tmp_path: Path):
    key = service.create_key("desk", "reporter")
    line = (
        b'{"type":"ClaimReported","claim_id":"claim-%d","data":{"claim":{"text":"A text."},"speaker":{"name":"D"}}}\n'
    )
    with service.client(key) as client:
        post_lines(client, (line % (number % 500) for number in range(6_000)))
        client.get("/v1/summary", params={"min_position": 6_000}).raise_for_status()
    data_dir = tmp_path / "data"
    half = data_dir / "views-2.db"
    with subprocess.Popen([ONRECORD, "rebuild"], env=service.environment) as rebuilding:
        while not half.exists() or half.stat().st_size == 0:
            assert rebuilding.poll() is None
        rebuilding.send_signal(signal.SIGKILL)
    assert not (data_dir / "views.current").exists()
    assert finished(service, "rebuild", "--json") == '{"position": 6000}\n'
    with service.client() as client:
        wait_for_file(service, client, "views-2.db")
        assert client.get("/v1/summary").json()["events"] == 6_000
    service.stop()
    check_rows_equal_following(data_dir, tmp_path / "scratch.db")
    service.start()


def test_a_backup_beside_a_busy_service_is_restored_and_served(tmp_path):
    with ServiceProcess(tmp_path / "data") as service, service.client() as client:
        key = service.create_key("desk", "reporter")
        with appending(service, key, "claim") as digests:
            client.get("/v1/summary", params={"min_position": 30}).raise_for_status()
            made = json.loads(finished(service, "backup", str(tmp_path / "archive"), "--json"))
            assert 30 <= made["events"] <= len(digests) + 1
        original = all_records(client)
    other = ServiceProcess(tmp_path / "restored", origin="ledger.example/restored")
    told = finished(other, "restore", str(tmp_path / "archive"), "--json")
    assert json.loads(told) == made
    # What came after the backup is lost, and had been signed.
    assert finished(other, "new-origin").startswith("ledger.example/restored+")
    with other, other.client(key) as client:
        client.get("/v1/summary", params={"min_position": made["events"]}).raise_for_status()
        assert all_records(client) == original[: made["events"]]
        assert client.post("/v1/events", json=small_report("claim")).status_code == 201


def test_an_archive_is_restored_into_an_empty_ledger_that_is_being_served(service: ServiceProcess):
    finished(service, "restore", str(GOLDEN / "archive"))
    with service.client(AUDITOR_KEY) as client:
        check_golden(client)


def check_golden(client: httpx.Client) -> None:
    claims = client.get("/v1/claims", params={"min_position": GOLDEN_EVENTS}).json()["claims"]
    expected = json.loads((GOLDEN / "standings.json").read_text())["desk"]
    assert {claim["claim_id"]: claim["standing"] for claim in claims} == expected
    assert client.get("/v1/events", params={"limit": 1000}).json()["events"][-1]["position"] == GOLDEN_EVENTS


def test_a_ledger_of_the_first_schema_is_opened_served_and_rebuilt(tmp_path):
    golden_ledger(tmp_path / "data")
    with ServiceProcess(tmp_path / "data") as service, service.client(AUDITOR_KEY) as client:
        check_golden(client)
        finished(service, "rebuild")
        wait_for_file(service, client, "views-2.db")
        check_golden(client)
    check_rows_equal_following(tmp_path / "data", tmp_path / "scratch.db")


def test_read_models_of_a_ledger_that_was_here_before_are_not_taken_for_its_own(tmp_path):
    with ServiceProcess(tmp_path / "data") as service, service.client() as client:
        finished(service, "demo", "--url", service.url, "--key", service.create_key("desk", "editor"))
        client.get("/v1/summary", params={"min_position": 10}).raise_for_status()
    for path in (tmp_path / "data").glob("ledger.db*"):
        path.unlink()
    finished(service, "restore", str(GOLDEN / "archive"))
    with service, service.client(AUDITOR_KEY) as client:
        check_golden(client)


def test_a_damaged_archive_is_one_line_with_the_place_and_exit_code_1(tmp_path):
    archive = Path(shutil.copytree(GOLDEN / "archive", tmp_path / "archive"))
    events = archive / "events.ndjson"
    events.write_bytes(events.read_bytes().replace(b"photo-1", b"photo-2"))
    service = ServiceProcess(tmp_path / "data")
    ended = service.command("restore", str(archive))
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == (
        "onrecord: events.ndjson, line 6, position 6: "
        "the SHA-256 of the event's bytes is another one than is recorded\n"
    )
    assert contents(tmp_path / "data" / "ledger.db") == EMPTY
    assert service.command("restore", str(GOLDEN / "archive")).returncode == 0


@pytest.mark.parametrize(
    ("settings", "arguments", "message"),
    [
        ({}, ("backup", "archive"), "there is no ledger in "),
        ({}, ("rebuild",), "there is no ledger in "),
        ({}, ("rebuild", "everything"), "there is no read model everything: links, standing, "),
        ({}, ("restore", "archive"), "archive has no manifest.json: it is no archive"),
        ({}, ("export", "--url", "http://127.0.0.1:9"), ""),
        ({}, ("export", "--format", "csv"), "csv is for one claim: add --claim ID"),
        ({"migrate_at_start": "false"}, ("serve", "--port", "0"), "the database has schema 0, this release needs"),
        ({"migrate_at_start": "false"}, ("keys", "list"), "the database has schema 0, this release needs"),
    ],
)
def test_what_can_not_be_kept_is_one_line_and_exit_code_2(tmp_path, settings, arguments, message):
    ended = ServiceProcess(tmp_path / "data", **settings).command(*arguments)
    assert ended.returncode == 2
    assert ended.stderr.startswith(f"onrecord: {message}"), ended.stderr
    assert ended.stderr.count("\n") == 1


def test_where_a_start_may_not_migrate_the_operator_does(tmp_path):
    service = ServiceProcess(tmp_path / "data", migrate_at_start="false")
    assert finished(service, "migrate").startswith("migrated from schema 0 to ")
    assert finished(service, "migrate").endswith(" is up to date\n")
    with service, service.client() as client:
        assert client.get("/v1/summary").json()["events"] == 0


def test_the_ledger_and_a_history_are_exported(service: ServiceProcess, tmp_path: Path):
    key = service.create_key("desk", "editor")
    finished(service, "demo", "--url", service.url, "--key", key)
    events = len((DATA / "seed.ndjson").read_text().splitlines())
    with service.client(key) as client:
        client.get("/v1/summary", params={"min_position": events}).raise_for_status()
        lines = finished(service, "export", "--url", service.url, "--key", key).splitlines()
        assert [json.loads(line) for line in lines] == all_records(client)
        claim_id = json.loads(lines[0])["event"]["claim_id"]
        history = f"/v1/claims/{claim_id}/history"
        for form, media_type in (("ndjson", "application/x-ndjson"), ("csv", "text/csv")):
            output = tmp_path / f"history.{form}"
            options = ("--claim", claim_id, "--format", form, "--output", str(output))
            told = finished(service, "export", "--url", service.url, "--key", key, *options)
            assert output.read_bytes() == client.get(history, headers={"Accept": media_type}).content
            lines_written = output.read_bytes().count(b"\n")
            assert told == f"{output}: {lines_written} lines\n"
    assert [path.name for path in tmp_path.glob("*.partial")] == []


def test_an_export_that_is_refused_leaves_no_file(service: ServiceProcess, tmp_path: Path):
    output = tmp_path / "history.ndjson"
    ended = service.command("export", "--url", service.url, "--claim", "no-claim", "--output", str(output))
    assert (ended.returncode, ended.stderr) == (2, "onrecord: the service answers 404: there is no claim no-claim\n")
    assert list(tmp_path.glob("history*")) == []

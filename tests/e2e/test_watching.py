"""What an operator sees of a real service: metrics, readiness and the log."""

import json
import sqlite3
from contextlib import closing

import httpx

from tests.e2e.service_process import ServiceProcess
from tests.e2e.test_operating import small_report

AWAY = "ALTER TABLE stored_events RENAME TO away"
BACK = "ALTER TABLE away RENAME TO stored_events"


def alter_ledger(service: ServiceProcess, statement: str) -> None:
    with closing(sqlite3.connect(f"{service.environment['ONRECORD_DATA_DIR']}/ledger.db", timeout=30)) as connection:
        connection.execute(statement)


def test_metrics_tell_what_was_posted(service: ServiceProcess):
    with service.client(service.create_key("desk", "editor")) as client:
        for _ in range(3):
            client.post("/v1/events", json=small_report("one"), params={"wait": "projected"}).raise_for_status()
        lines = client.get("/metrics").text.splitlines()
    for line in (
        'onrecord_appends_total{code="",outcome="recorded"} 3.0',
        'onrecord_requests_total{method="POST",route="/v1/events",status="201"} 3.0',
        "onrecord_ledger_position 3.0",
        "onrecord_read_model_position 3.0",
        "onrecord_projection_lag_events 0.0",
        "onrecord_commit_seconds_count 3.0",
    ):
        assert line in lines


def test_clients_of_a_proxy_on_the_same_machine_are_not_loopback(service: ServiceProcess):
    forwarded = {"X-Forwarded-For": "127.0.0.1, 203.0.113.9"}
    with service.client() as client:
        assert client.get("/metrics").status_code == 200
        assert client.get("/metrics", headers=forwarded).status_code == 401
    with service.client(service.create_key("watch", "auditor")) as client:
        assert client.get("/metrics", headers=forwarded).status_code == 200


def test_a_ledger_that_can_not_be_written_is_not_ready_until_it_can(service: ServiceProcess):
    key = service.create_key("desk", "editor")
    with service.client(key) as client:
        client.post("/v1/events", json=small_report("a-telling-name")).raise_for_status()
        alter_ledger(service, AWAY)
        failed = client.post("/v1/events", json=small_report("a-telling-name"))
        assert failed.status_code == 503
        not_ready = client.get("/readyz")
        assert not_ready.status_code == 503
        assert "can not be written" in " ".join(not_ready.json()["reasons"])
        alter_ledger(service, BACK)
        client.post("/v1/events", json=small_report("a-telling-name"), params={"wait": "projected"}).raise_for_status()
        assert client.get("/readyz").status_code == 200
    check_log(service, key, failed)


def check_log(service: ServiceProcess, key: str, failed: httpx.Response) -> None:
    log = service.log_path.read_text()
    for private in (key, "a-telling-name", "The text of"):
        assert private not in log
    lines = [json.loads(line) for line in log.splitlines()]
    request_id = failed.headers["X-Request-Id"]
    (batch,) = [line for line in lines if line["event"] == "batch_failed"]
    assert batch["request_ids"] == [request_id]
    assert request_id in [line.get("request_id") for line in lines if line["event"] == "request_failed"]

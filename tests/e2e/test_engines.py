"""From SQLite to PostgreSQL and back, and a service that reads from a replica: as an operator does it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.e2e.cluster import wait_for
from tests.e2e.service_process import ServiceProcess
from tests.postgres_server import PostgresServer, server_folder

PATHS = ("/v1/claims?limit=200", "/v1/summary", "/v1/claims/nk-six-officers-killed/history", "/v1/events?limit=1000")


def answers(service: ServiceProcess, key: str) -> list[bytes]:
    """Return what a service shows of the example story, once all of it is signed."""
    with service.client(key) as client:
        sizes = ((client.get("/v1/summary").json()["checkpoint"] or {}).get("size") for _ in range(20_000))
        assert 36 in sizes
        return [wait_for(lambda path=path: client.get(path, params={"min_position": 36})).content for path in PATHS]  # type: ignore[misc]


def test_a_ledger_moves_to_postgresql_and_back_and_reads_the_same(tmp_path: Path, postgres_url: str):
    with ServiceProcess(tmp_path / "first") as first:
        key = first.create_key("desk", "editor")
        assert first.command("demo", "--key", key, "--url", first.url).returncode == 0
        expected = answers(first, key)
        events = backed_up(first, tmp_path / "a")
    with moved(tmp_path / "elsewhere", tmp_path / "a", database_url=postgres_url) as elsewhere:
        assert answers(elsewhere, key) == expected
        assert backed_up(elsewhere, tmp_path / "b") == events
    with moved(tmp_path / "last", tmp_path / "b") as last:
        assert answers(last, key) == expected
        assert backed_up(last, tmp_path / "c") == events


def backed_up(service: ServiceProcess, folder: Path) -> tuple[bytes, bytes]:
    made = service.command("backup", str(folder))
    assert made.returncode == 0, made.stderr
    return (folder / "events.ndjson").read_bytes(), (folder / "keys.ndjson").read_bytes()


@contextmanager
def moved(data_dir: Path, archive: Path, **settings: str) -> Iterator[ServiceProcess]:
    """Yield a service on what an archive held."""
    service = ServiceProcess(data_dir, **settings)
    restored = service.command("restore", str(archive))
    assert restored.returncode == 0, restored.stderr
    data_dir.mkdir(exist_ok=True)
    shutil.copy(data_dir.parent / "first" / "log-key.pem", data_dir)
    with service:
        yield service


@pytest.fixture
def replicated() -> Iterator[tuple[PostgresServer, PostgresServer]]:
    with server_folder() as one, server_folder() as other, PostgresServer(one) as primary:
        replica = PostgresServer(other)
        replica.copy(primary)
        replica.start()
        yield primary, replica
        replica.stop()


def test_a_service_that_reads_from_a_replica_is_honest_about_it(tmp_path, replicated):
    primary, replica = replicated
    urls = {"database_url": primary.url, "read_database_url": replica.url, "direct_database_url": primary.url}
    with ServiceProcess(tmp_path / "data", **urls) as service:
        key = service.create_key("desk", "editor")
        with service.client(key) as client:
            assert post_and_read(client, "claim-1").headers["Onrecord-Position"] == "1"
            replay(replica, "pause")
            behind = post_and_read(client, "claim-2")
            assert behind.status_code == httpx.codes.SERVICE_UNAVAILABLE
            assert client.get("/v1/claims").headers["Onrecord-Position"] == "1"
            replay(replica, "resume")
            found = wait_for(lambda: client.get("/v1/claims/claim-2", params={"min_position": 2}))
            assert (found.status_code, found.headers["Onrecord-Position"]) == (200, "2")


def post_and_read(client: httpx.Client, claim_id: str) -> httpx.Response:
    """Post a report, and read it where reads go."""
    data = {"claim": {"text": "Six officers were killed."}, "speaker": {"name": "Kyiv Post"}}
    posted = client.post("/v1/events", json={"type": "ClaimReported", "claim_id": claim_id, "data": data})
    assert posted.status_code == httpx.codes.CREATED, posted.text
    return client.get(f"/v1/claims/{claim_id}", params={"min_position": posted.json()["position"]})


def replay(replica: PostgresServer, what: str) -> None:
    with psycopg.connect(replica.url, autocommit=True) as connection:
        connection.execute(f"SELECT pg_wal_replay_{what}()".encode())

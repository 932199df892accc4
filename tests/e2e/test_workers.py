"""Several processes on one address and one PostgreSQL: who dies is replaced, and nothing that was answered is lost."""

import os
import signal
import threading
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from tests.e2e.cluster import read_ledger
from tests.e2e.service_process import ServiceProcess

pytestmark = pytest.mark.postgres


class Workers(ServiceProcess):
    options = ("--workers", "2")

    def pids(self) -> list[int]:
        """Return the processes that serve."""
        pid = self._process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [int(child) for child in children if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]

    def destroy(self) -> None:
        """Kill the process that the others belong to, and no other."""
        self._process.kill()
        self._end()


class Poster(threading.Thread):
    """Posts event after event over new connections, until it is told to end."""

    def __init__(self, workers: Workers, key: str) -> None:
        super().__init__(daemon=True)
        self._workers, self._key = workers, key
        self.digests: list[str] = []
        self.position = 0
        self.ended = threading.Event()
        self.progress = threading.Semaphore(0)

    def run(self) -> None:
        while not self.ended.is_set():
            said = {"claim": {"text": "What they say."}, "speaker": {"name": "Desk"}}
            event = {"type": "ClaimReported", "event_id": str(uuid4()), "claim_id": "some-claim", "data": said}
            try:
                with self._workers.client(self._key) as client:
                    answer = client.post("/v1/events", json=event)
            except httpx.TransportError:
                continue  # the process that had taken it is gone
            if answer.status_code == 201:
                self.digests.append(answer.json()["event_sha256"])
                self.position = answer.json()["position"]
                self.progress.release()

    def wait_for(self, count: int) -> None:
        for _ in range(count):
            assert self.progress.acquire(timeout=60)


def test_a_worker_that_is_killed_is_replaced_and_the_others_go_on(tmp_path, postgres_url):
    with Workers(tmp_path / "data", database_url=postgres_url, log_level="error") as workers:
        key = workers.create_key("desk", "auditor"), workers.create_key("cms", "reporter")
        poster = Poster(workers, key[1])
        poster.start()
        poster.wait_for(5)
        killed = wait_for_workers(workers, 2)[0]
        os.kill(killed, signal.SIGKILL)
        poster.wait_for(5)
        while killed in wait_for_workers(workers, 2):
            pass
        poster.ended.set()
        poster.join()
        with workers.client(key[0]) as client:
            assert client.get("/v1/summary", params={"min_position": poster.position}).status_code == 200
        shown = {record["event_sha256"] for record in read_ledger(workers, key[0])}
        assert set(poster.digests) <= shown
        assert workers.stop() == 0
        workers.start()  # for the end of the test, which stops it


def wait_for_workers(workers: Workers, count: int) -> list[int]:
    while len(pids := workers.pids()) < count:
        pass
    return pids


def test_workers_whose_parent_is_killed_end(tmp_path, postgres_url):
    workers = Workers(tmp_path / "data", database_url=postgres_url)
    workers.start()
    pids = wait_for_workers(workers, 2)
    workers.destroy()
    for pid in pids:
        while is_running(pid):
            pass


def is_running(pid: int) -> bool:
    try:
        return b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_workers_that_can_not_start_say_why_in_one_line(tmp_path):
    url = "postgresql://postgres@127.0.0.1:9/postgres"
    ended = Workers(tmp_path / "data", database_url=url).command("serve", "--workers", "2", "--port", "0")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("onrecord: the database can not be read or written: ")
    assert ended.stderr.count("\n") == 1

"""Killed at any moment, the service comes back by itself and has every event that it has answered."""

import hashlib
import json
import re
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from itertools import count, takewhile
from pathlib import Path
from random import Random
from time import monotonic
from uuid import UUID

import httpx
import pytest

from projections.follower import Follower
from service.store.views import open_views, prepare_views
from tests.e2e.service_process import ServiceProcess

CLIENTS = 4


class Poster(threading.Thread):
    """Posts event after event, new ones and retries, until the service is gone."""

    def __init__(self, service: ServiceProcess, key: str, random: Random, enough: threading.Semaphore) -> None:
        super().__init__(daemon=True)
        self._service, self._key, self._random, self._enough = service, key, random, enough
        self.answered: dict[str, str] = {}
        self.asked: list[str] = []

    def run(self) -> None:
        with self._service.client(self._key) as client:
            try:
                while True:
                    self._post(client)
            except httpx.TransportError:
                return

    def _post(self, client: httpx.Client) -> None:
        if self.asked and self._random.random() < 0.1:
            event_id = self._random.choice(self.asked)
        else:
            event_id = str(UUID(int=self._random.getrandbits(128), version=4))
            self.asked.append(event_id)
        answer = client.post("/v1/events", json=event(event_id))
        assert answer.status_code in (200, 201), answer.text
        digest = answer.json()["event_sha256"]
        assert self.answered.setdefault(event_id, digest) == digest
        self._enough.release()


def event(event_id: str) -> dict[str, object]:
    claim = f"claim-{UUID(event_id).int % 20}"
    data = {"claim": {"text": f"The text of {claim}."}, "speaker": {"name": "Desk"}}
    return {"type": "ClaimReported", "event_id": event_id, "claim_id": claim, "data": data}


def kill_at_random(service: ServiceProcess, key: str, random: Random) -> tuple[dict[str, str], list[str]]:
    """Load the service, kill it somewhere in the middle; return the digests of what it answered, and what was asked."""
    enough = threading.Semaphore(0)
    posters = [Poster(service, key, Random(random.random()), enough) for _ in range(CLIENTS)]
    for poster in posters:
        poster.start()
    for _ in range(random.randrange(200)):
        assert enough.acquire(timeout=30)
    service.kill()
    answered: dict[str, str] = {}
    for poster in posters:
        poster.join(timeout=30)
        answered.update(poster.answered)
    return answered, [event_id for poster in posters for event_id in poster.asked]


def check_everything_answered_is_there(service: ServiceProcess, answered: dict[str, str]) -> None:
    with service.client() as client, client.stream("GET", "/v1/events", headers=NDJSON) as response:
        head = int(response.headers["Onrecord-Position"])
        digests = {}
        for place, line in enumerate(response.iter_lines(), start=1):
            record = json.loads(line)
            assert record["position"] == place
            start = line.index('"event":') + len('"event":')
            stored = line[start : line.rindex(',"erased":null')]
            assert hashlib.sha256(stored.encode()).hexdigest() == record["event_sha256"]
            digests[record["event"]["event_id"]] = record["event_sha256"]
    assert len(digests) >= head
    assert answered.items() <= digests.items()


SEGMENTS = re.compile(r'INSERT INTO "[a-z_]+_texts_(?:data|idx|docsize|config)"')


def dump(connection: sqlite3.Connection) -> list[str]:
    # The order of rows, and how the index of texts is cut into segments, tell how the events came in batches.
    rows = [row for row in connection.iterdump() if not SEGMENTS.match(row)]
    return sorted(rows)


def check_views_equal_a_rebuild(data_dir: Path, scratch: Path) -> None:
    ledger = data_dir / "ledger.db"
    prepare_views(scratch, ledger)
    with closing(open_views(scratch, ledger)) as rebuilt, closing(open_views(data_dir / "views.db", ledger)) as live:
        for connection in (rebuilt, live):
            follower, position = Follower(connection), -1
            while (reached := follower.step()) != position:
                position = reached
        assert dump(rebuilt) == dump(live)


NDJSON = {"Accept": "application/x-ndjson"}


def run_kills(tmp_path: Path, moments: Iterator[int]) -> None:
    seed = Random().randrange(2**32)
    print(f"seed {seed}")  # noqa: T201  # a failure is repeated with it
    random = Random(seed)
    answered: dict[str, str] = {}
    service = ServiceProcess(tmp_path / "data")
    service.start()
    key = service.create_key("desk", "reporter")
    for moment in moments:
        new, asked = kill_at_random(service, key, random)
        answered.update(new)
        check_views_equal_a_rebuild(tmp_path / "data", tmp_path / f"rebuilt-{moment}.db")
        service.start()
        retry_some(service, key, answered, asked[-CLIENTS:])
        check_everything_answered_is_there(service, answered)
    assert service.stop() == 0


def retry_some(service: ServiceProcess, key: str, answered: dict[str, str], event_ids: list[str]) -> None:
    """A retry of what was under way gets the receipt that its first attempt got, or would have got."""
    with service.client(key) as client:
        for event_id in event_ids:
            answer = client.post("/v1/events", json=event(event_id), params={"wait": "projected"})
            digest = answer.json()["event_sha256"]
            assert answered.setdefault(event_id, digest) == digest


def test_killed_for_twenty_seconds_nothing_answered_is_lost(tmp_path):
    until = monotonic() + 20
    run_kills(tmp_path, takewhile(lambda _: monotonic() < until, count()))


@pytest.mark.soak
@pytest.mark.parametrize("ledger", range(10))
def test_killed_at_two_hundred_moments_nothing_answered_is_lost(tmp_path, ledger):
    # Ten ledgers, twenty moments each: everything is checked after each kill, so a longer one is checked ever longer.
    print(f"ledger {ledger}")  # noqa: T201
    run_kills(tmp_path, iter(range(20)))

"""Clients of several services at once, who write down what they are told; and what must be true of it in the end."""

import random
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, NamedTuple
from uuid import UUID

import httpx

from tests.e2e.service_process import ServiceProcess

CLAIMS = 12
WRITERS, TAILS = 13, 3


class Answer(NamedTuple):
    """When a client was answered, and whether with what it has asked for: not with a 503."""

    at_s: float
    is_served: bool


@dataclass
class History:
    """What clients were answered; each member is appended to by many threads."""

    receipts: list[dict[str, Any]] = field(default_factory=list)
    receipts_at_s: list[float] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    asked: dict[str, dict[str, Any]] = field(default_factory=dict)
    tails: list[list[tuple[int, str]]] = field(default_factory=list)
    answers: list[list[Answer]] = field(default_factory=list)

    def is_everybody_served(self, since_s: float) -> bool:
        """Return whether each client was served after an instant."""
        return all(_served_last(answers) > since_s for answers in self.answers)


def _served_last(answers: list[Answer]) -> float:
    return next((answer.at_s for answer in reversed(answers) if answer.is_served), 0.0)


class Client(threading.Thread):
    """Does one thing after another at any of the services, until it is told to end."""

    def __init__(self, nodes: Sequence[ServiceProcess], key: str, history: History, seed: int) -> None:
        super().__init__(daemon=True)
        self._nodes, self._history = nodes, history
        self._headers = {"Authorization": f"Bearer {key}"}
        self._random = random.Random(seed)
        self._end = threading.Event()
        self._answers: list[Answer] = []
        history.answers.append(self._answers)

    def end(self) -> None:
        self._end.set()

    def run(self) -> None:
        with httpx.Client(headers=self._headers, trust_env=False, timeout=8) as http:
            while not self._end.is_set():
                try:
                    is_served = self.act(http, self._random.choice(self._nodes).url)
                except httpx.TransportError:
                    continue  # this service is away, or stands still
                self._answers.append(Answer(monotonic(), is_served))

    def act(self, http: httpx.Client, url: str) -> bool:
        """Do something, and return whether it could be done now."""
        raise NotImplementedError

    def _is_served(self, answer: httpx.Response) -> bool:
        if answer.is_success:
            return True
        if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
            self._history.wrong.append(f"{answer.request.method} {answer.status_code} {answer.text}")
        return False


class Writer(Client):
    """Posts new events and old ones again, and reads what it has posted, often elsewhere."""

    def act(self, http: httpx.Client, url: str) -> bool:
        known = list(self._history.asked)
        if known and self._random.random() < 0.25:
            event = self._history.asked[self._random.choice(known)]
        else:
            event = _event(self._random)
            self._history.asked[event["event_id"]] = event
        answer = http.post(f"{url}/v1/events", json=event)
        if not self._is_served(answer):
            return False
        receipt = answer.json()
        self._history.receipts.append(receipt)
        self._history.receipts_at_s.append(monotonic())
        if self._random.random() < 0.3:
            self._read_back(http, receipt)
        return True

    def _read_back(self, http: httpx.Client, receipt: dict[str, Any]) -> None:
        url = f"{self._random.choice(self._nodes).url}/v1/claims/{receipt['claim_id']}"
        answer = http.get(url, params={"min_position": receipt["position"]})
        if self._is_served(answer) and answer.json()["version"] < receipt["claim_version"]:
            self._history.stale.append(f"{receipt} read as version {answer.json()['version']}")


class Tail(Client):
    """Reads the ledger from the start, page by page, at whichever service."""

    def __init__(self, nodes: Sequence[ServiceProcess], key: str, history: History, seed: int) -> None:
        super().__init__(nodes, key, history, seed)
        self._seen: list[tuple[int, str]] = []
        history.tails.append(self._seen)

    def act(self, http: httpx.Client, url: str) -> bool:
        after = self._seen[-1][0] if self._seen else 0
        answer = http.get(f"{url}/v1/events", params={"after": after, "limit": 100})
        if not self._is_served(answer):
            return False
        self._seen += [(record["position"], record["event_sha256"]) for record in answer.json()["events"]]
        return True


def _event(chance: random.Random) -> dict[str, Any]:
    event_id = str(UUID(int=chance.getrandbits(128), version=4))
    claim = f"claim-{chance.randrange(CLAIMS)}"
    said = {"claim": {"text": f"The text of {claim}."}, "speaker": {"name": f"Desk {chance.randrange(5)}"}}
    kind = chance.choice(("ClaimReported", "ClaimReported", "ClaimDenied"))
    return {"type": kind, "event_id": event_id, "claim_id": claim, "data": said}


@contextmanager
def clients(nodes: Sequence[ServiceProcess], key: str, seed: int) -> Iterator[History]:
    """Have clients work for as long as this lasts, and yield what they write down."""
    history = History()
    kinds = [Writer] * WRITERS + [Tail] * TAILS
    working = [kind(nodes, key, history, seed + number) for number, kind in enumerate(kinds)]
    for client in working:
        client.start()
    try:
        yield history
    finally:
        for client in working:
            client.end()
    for client in working:
        client.join(timeout=30)
        assert not client.is_alive()


def check(history: History, ledger: list[dict[str, Any]]) -> None:
    """Check what clients were told against the ledger as it is in the end, one record a line of its NDJSON."""
    assert history.wrong == []
    assert history.stale == []
    _check_ledger(ledger)
    by_id = {record["event"]["event_id"]: record for record in ledger}
    assert len(by_id) == len(ledger), "an event is recorded twice"
    for receipt in history.receipts:
        record = by_id.get(receipt["event_id"])
        assert record is not None, f"lost: {receipt}"
        said = (receipt["position"], receipt["event_sha256"], receipt["claim_version"], receipt["recorded_at"])
        event = record["event"]
        assert said == (record["position"], record["event_sha256"], event["claim_version"], event["recorded_at"])
    places = [(record["position"], record["event_sha256"]) for record in ledger]
    for seen in history.tails:
        assert seen == places[: len(seen)], "a reader of the ledger has missed events, or seen some twice"


def _check_ledger(ledger: list[dict[str, Any]]) -> None:
    assert [record["position"] for record in ledger] == list(range(1, len(ledger) + 1))
    times = [record["event"]["recorded_at"] for record in ledger]
    assert times == sorted(times)
    versions: dict[str, int] = {}
    for record in ledger:
        claim_id = record["event"]["claim_id"]
        versions[claim_id] = versions.get(claim_id, 0) + 1
        assert record["event"]["claim_version"] == versions[claim_id]

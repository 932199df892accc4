"""Services on one ledger, clients that write down what they see, and faults that befall them."""

import json
import random
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import UUID

import httpx

from service.signing import create_signing_key
from tests.e2e.service_process import ServiceProcess

CLAIMS = 12


@dataclass
class History:
    """What clients were answered; each member is appended to by many threads."""

    receipts: list[dict[str, Any]] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    pauses_s: list[tuple[float, float]] = field(default_factory=list)
    asked: dict[str, dict[str, Any]] = field(default_factory=dict)
    ids: list[str] = field(default_factory=list)
    posted: set[str] = field(default_factory=set)
    faults: int = 0
    tails: list[list[tuple[int, str]]] = field(default_factory=list)


class Node(ServiceProcess):
    """One service, which may be killed, started again and made to stand still."""

    def freeze(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._process.send_signal(signal.SIGCONT)


class Client(threading.Thread):
    """Does one thing after another at any of the nodes, until it is told to end."""

    def __init__(self, nodes: list[Node], key: str, history: History, seed: int) -> None:
        super().__init__(daemon=True)
        self._nodes, self._history = nodes, history
        self._headers = {"Authorization": f"Bearer {key}"}
        self._random = random.Random(seed)
        self._end = threading.Event()
        self._last_s = monotonic()

    def end(self) -> None:
        self._end.set()

    def run(self) -> None:
        with httpx.Client(headers=self._headers, trust_env=False, timeout=8) as http:
            while not self._end.is_set():
                try:
                    self.act(http, self._random.choice(self._nodes).url)
                except httpx.TransportError:
                    continue  # this node is away, or stands still
                now_s = monotonic()
                self._history.pauses_s.append((now_s, now_s - self._last_s))
                self._last_s = now_s

    def act(self, http: httpx.Client, url: str) -> None:
        raise NotImplementedError


class Writer(Client):
    """Posts new events and old ones again, and reads what it has posted, often elsewhere."""

    def act(self, http: httpx.Client, url: str) -> None:
        if self._history.ids and self._random.random() < 0.25:
            event = self._history.asked[self._random.choice(self._history.ids)]
        else:
            event = _event(self._random)
            self._history.asked[event["event_id"]] = event
            self._history.ids.append(event["event_id"])
        answer = self._post(http, f"{url}/v1/events", event)
        if answer.status_code in (200, 201):
            receipt = answer.json()
            self._history.receipts.append(receipt)
            if self._random.random() < 0.3:
                self._read_back(http, receipt)
        elif answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
            self._history.wrong.append(f"POST {answer.status_code} {answer.text}")

    def _post(self, http: httpx.Client, url: str, event: dict[str, Any]) -> httpx.Response:
        try:
            answer = http.post(url, json=event)
        except httpx.ConnectError:
            raise  # nobody has heard of it
        except httpx.TransportError:
            self._history.posted.add(event["event_id"])
            raise
        self._history.posted.add(event["event_id"])
        return answer

    def _read_back(self, http: httpx.Client, receipt: dict[str, Any]) -> None:
        url = f"{self._random.choice(self._nodes).url}/v1/claims/{receipt['claim_id']}"
        answer = http.get(url, params={"min_position": receipt["position"]})
        if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
            return
        if answer.status_code != httpx.codes.OK:
            self._history.wrong.append(f"GET {answer.status_code} {answer.text}")
        elif answer.json()["version"] < receipt["claim_version"]:
            self._history.stale.append(f"{receipt} read as version {answer.json()['version']}")


class Tail(Client):
    """Reads the ledger from the start, page by page, at whichever node."""

    def __init__(self, nodes: list[Node], key: str, history: History, seed: int) -> None:
        super().__init__(nodes, key, history, seed)
        self._seen: list[tuple[int, str]] = []
        history.tails.append(self._seen)

    def act(self, http: httpx.Client, url: str) -> None:
        after = self._seen[-1][0] if self._seen else 0
        answer = http.get(f"{url}/v1/events", params={"after": after, "limit": 100})
        if answer.status_code == httpx.codes.OK:
            self._seen += [(record["position"], record["event_sha256"]) for record in answer.json()["events"]]
        elif answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
            self._history.wrong.append(f"GET {answer.status_code} {answer.text}")


def _event(chance: random.Random) -> dict[str, Any]:
    event_id = str(UUID(int=chance.getrandbits(128), version=4))
    claim = f"claim-{chance.randrange(CLAIMS)}"
    said = {"claim": {"text": f"The text of {claim}."}, "speaker": {"name": f"Desk {chance.randrange(5)}"}}
    kind = chance.choice(("ClaimReported", "ClaimReported", "ClaimDenied"))
    return {"type": kind, "event_id": event_id, "claim_id": claim, "data": said}


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


def read_ledger(node: ServiceProcess, key: str) -> list[dict[str, Any]]:
    """Return every record that a node shows."""
    with node.client(key) as http:
        answer = http.get("/v1/events", headers={"Accept": "application/x-ndjson"})
        assert answer.status_code == httpx.codes.OK, answer.text
        return [json.loads(line) for line in answer.text.splitlines()]


def read_standings(node: Node, key: str, position: int) -> list[bytes]:
    """Return every claim as a node shows it, and its summary, at a position or later."""
    with node.client(key) as http:
        paths = [*(f"/v1/claims/claim-{number}" for number in range(CLAIMS)), "/v1/summary"]
        asked = [partial(http.get, path, params={"min_position": position}) for path in paths]
        return [wait_for(ask).content for ask in asked]


def wait_for(ask: Callable[[], httpx.Response]) -> httpx.Response:
    """Ask until the answer is no longer that it can not be answered now."""
    until_s = monotonic() + 60
    while (answer := ask()).status_code == httpx.codes.SERVICE_UNAVAILABLE:
        assert monotonic() < until_s, answer.text
    return answer


def longest_pause_s(history: History, since_s: float, until_s: float) -> float:
    """Return how long a client went without any answer, within a time."""
    return max((pause_s for at_s, pause_s in history.pauses_s if since_s <= at_s <= until_s), default=0.0)


def nodes_in(folder: Path, count: int, **settings: str) -> list[Node]:
    """Return services that are not started yet."""
    folder.mkdir(exist_ok=True)
    settings["signing_key_file"] = str(folder / "log.pem")
    if not (folder / "log.pem").exists():
        create_signing_key(folder / "log.pem")
    return [Node(folder / f"node-{number}", **settings) for number in range(count)]

"""Several services on one ledger, and what they must agree about in the end."""

import json
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import httpx

from service.signing import create_signing_key
from tests.e2e.clients import CLAIMS, History, check
from tests.e2e.service_process import ServiceProcess


class Node(ServiceProcess):
    """One service, which may be killed, started again and made to stand still."""

    def freeze(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._process.send_signal(signal.SIGCONT)


def nodes_in(folder: Path, count: int, **settings: str) -> list[Node]:
    """Return services that are not started yet."""
    folder.mkdir(exist_ok=True)
    settings["signing_key_file"] = str(folder / "log.pem")
    if not (folder / "log.pem").exists():
        create_signing_key(folder / "log.pem")
    return [Node(folder / f"node-{number}", **settings) for number in range(count)]


@contextmanager
def services(folder: Path, count: int, **settings: str) -> Iterator[tuple[list[Node], str]]:
    """Yield services that run on one database, and a key."""
    with ExitStack() as stack:
        nodes = nodes_in(folder, count, **settings)
        for node in nodes:
            stack.enter_context(node)
        yield nodes, nodes[0].create_key("desk", "editor")


def check_in_the_end(nodes: Sequence[Node], key: str, history: History) -> None:
    """Check that nothing was lost or told wrongly, that the services agree, and that the log is whole."""
    assert len(history.receipts) >= 50
    last = max(receipt["position"] for receipt in history.receipts)
    for node in nodes:
        with node.client(key) as http:
            wait_for(partial(http.get, "/readyz"))
            wait_for(partial(http.get, "/v1/summary", params={"min_position": last}))
    ledger = read_ledger(nodes[0], key)
    check(history, ledger)
    _check_the_log(nodes[0], key)
    _check_standings(nodes, key, len(ledger))


def _check_the_log(node: Node, key: str) -> None:
    """Whichever node has signed: each checkpoint is of the one tree, and the last soon covers everything."""
    with node.client(key) as http:
        last = http.get("/v1/summary").json()["latest"][0]["event"]["event_id"]
        wait_for(lambda: http.get(f"/v1/events/{last}/proof"))
        verifier_key = http.get("/log/key").text.strip()
    verified = node.command("verify", node.url, "--key", verifier_key, "--api-key", key)
    assert verified.returncode == 0, verified.stdout + verified.stderr


def _check_standings(nodes: Sequence[Node], key: str, position: int) -> None:
    """Every node shows the same, and a fresh rebuild makes no difference."""
    first, *others = [read_standings(node, key, position) for node in nodes]
    assert all(other == first for other in others)
    node = nodes[0]
    assert node.command("rebuild").returncode == 0
    while "read_models_replaced" not in node.log_path.read_text():
        sleep(0.05)
    assert read_standings(node, key, position) == first


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

"""Services on one ledger, whatever befalls them: nothing that was answered is lost, no answer is wrong.

Three on one PostgreSQL, or one on SQLite; in the soak for half an hour, or as many minutes as SOAK_MINUTES says.
"""

import os
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

import pytest

from tests.e2e.cluster import (
    Client,
    History,
    Node,
    Tail,
    Writer,
    check,
    longest_pause_s,
    nodes_in,
    read_ledger,
    read_standings,
    wait_for,
)
from tests.postgres_server import PostgresServer, server_folder
from tests.proxy import Proxy

WRITERS, TAILS, NODES = 13, 3, 3


@dataclass
class Cluster:
    server: PostgresServer | None
    proxy: Proxy | None
    nodes: list[Node]
    key: str
    chance: random.Random


@contextmanager
def cluster(folder: Path, seed: int) -> Iterator[Cluster]:
    with ExitStack() as stack:
        server = stack.enter_context(PostgresServer(stack.enter_context(server_folder())))
        proxy = stack.enter_context(Proxy(server.url))
        nodes, key = stack.enter_context(services(folder, proxy.url))
        yield Cluster(server, proxy, nodes, key, random.Random(seed))


@contextmanager
def alone(folder: Path, seed: int) -> Iterator[Cluster]:
    """Yield one service on SQLite."""
    (node,) = nodes_in(folder, 1)
    with node:
        yield Cluster(None, None, [node], node.create_key("desk", "editor"), random.Random(seed))


@contextmanager
def services(folder: Path, url: str) -> Iterator[tuple[list[Node], str]]:
    """Yield services that run on one database, and a key."""
    with ExitStack() as stack:
        nodes = nodes_in(folder, NODES, database_url=url, direct_database_url=url)
        for node in nodes:
            stack.enter_context(node)
        yield nodes, nodes[0].create_key("desk", "editor")


def kill_a_node(cluster: Cluster) -> None:
    node = cluster.chance.choice(cluster.nodes)
    node.kill()
    node.start()


def restart_a_node(cluster: Cluster) -> None:
    cluster.chance.choice(cluster.nodes).restart()


def freeze_a_node(cluster: Cluster) -> None:
    node = cluster.chance.choice(cluster.nodes)
    node.freeze()
    sleep(cluster.chance.choice((0.5, 6.5)))  # less, and more, than who holds the head may stand still
    node.thaw()


def restart_the_database(cluster: Cluster) -> None:
    assert cluster.server is not None
    cluster.chance.choice((cluster.server.kill, cluster.server.stop))()
    cluster.server.start()


def cut_connections(cluster: Cluster) -> None:
    assert cluster.proxy is not None
    for _ in range(5):
        cluster.proxy.cut()
        sleep(0.05)


Fault = Callable[[Cluster], None]
ENGINES: dict[str, tuple[Callable[[Path, int], AbstractContextManager[Cluster]], list[Fault]]] = {
    "postgres": (cluster, [cut_connections, kill_a_node, freeze_a_node, restart_the_database]),
    "sqlite": (alone, [kill_a_node, freeze_a_node, restart_a_node]),
}


def run(folder: Path, seconds: float, engine: str, calm_s: float = 0) -> str:
    """Let clients work and faults befall the services for so long, each once at least; return how much there was."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")  # noqa: T201  # a failure is looked into with it
    make, faults = ENGINES[engine]
    with make(folder, seed) as under_test:
        history, until_s = History(), monotonic() + seconds
        clients = [
            kind(under_test.nodes, under_test.key, history, seed + number)
            for number, kind in enumerate([Writer] * WRITERS + [Tail] * TAILS)
        ]
        for client in clients:
            client.start()
        while monotonic() < until_s or history.faults < len(faults):
            _befall(under_test, history, faults[history.faults % len(faults)], calm_s)
        _end(clients)
        recorded = _check_in_the_end(under_test, history)
    return (
        f"{engine}: {seconds:.0f} s, {history.faults} faults, {len(history.posted)} events posted, "
        f"{len(history.receipts)} receipts, {recorded} events recorded, 0 lost"
    )


def _befall(under_test: Cluster, history: History, fault: Fault, calm_s: float = 0) -> None:
    """Let a fault happen, and wait until clients have been answered again, and so many seconds more."""
    began_s, before = monotonic(), len(history.receipts)
    fault(under_test)
    history.faults += 1
    while len(history.receipts) < before + 30:
        assert monotonic() < began_s + 60, f"nobody is answered any more after {fault.__name__}"
        sleep(0.05)
    sleep(calm_s)
    pause_s = longest_pause_s(history, began_s, monotonic())
    print(f"{getattr(fault, '__name__', fault)}: the longest pause of a client was {pause_s:.1f} s")  # noqa: T201  # for the reports


def _end(clients: Sequence[Client]) -> None:
    for client in clients:
        client.end()
    for client in clients:
        client.join(timeout=30)
        assert not client.is_alive()


def _check_in_the_end(under_test: Cluster, history: History) -> int:
    """Check everything, and return how many events are recorded."""
    node, key = under_test.nodes[0], under_test.key
    with node.client(key) as http:
        wait_for(lambda: http.get("/readyz"))
        last = max(receipt["position"] for receipt in history.receipts)
        wait_for(lambda: http.get("/v1/summary", params={"min_position": last}))
    ledger = read_ledger(node, key)
    check(history, ledger)
    assert len(history.receipts) >= 50
    _check_the_log(node, key)
    standings = [read_standings(each, key, len(ledger)) for each in under_test.nodes]
    assert all(each == standings[0] for each in standings)
    assert node.command("rebuild").returncode == 0
    while "read_models_replaced" not in node.log_path.read_text():
        sleep(0.05)
    assert read_standings(node, key, len(ledger)) == standings[0]
    return len(ledger)


def _check_the_log(node: Node, key: str) -> None:
    """Whichever node has signed: each checkpoint is of the one tree, and the last soon covers everything."""
    with node.client(key) as http:
        last = http.get("/v1/summary").json()["latest"][0]["event"]["event_id"]
        wait_for(lambda: http.get(f"/v1/events/{last}/proof"))
        verifier_key = http.get("/log/key").text.strip()
    verified = node.command("verify", node.url, "--key", verifier_key, "--api-key", key)
    assert verified.returncode == 0, verified.stdout + verified.stderr


@pytest.mark.parametrize(("engine", "seconds"), [("postgres", 20), ("sqlite", 0)])
def test_for_a_while_whatever_befalls_the_services(tmp_path, engine, seconds):
    run(tmp_path, seconds, engine)


def test_a_primary_is_lost_and_nothing_that_was_answered(tmp_path):
    with replicated() as (primary, standby):
        urls = f"postgresql://postgres@127.0.0.1:{primary.port},127.0.0.1:{standby.port}/postgres"
        url = f"{urls}?target_session_attrs=read-write"
        with services(tmp_path, url) as (nodes, key):
            under_test = Cluster(standby, None, nodes, key, random.Random(0))
            history, clients = History(), []
            for number, kind in enumerate([Writer] * WRITERS + [Tail] * TAILS):
                clients.append(kind(nodes, key, history, number))
                clients[-1].start()
            _befall(under_test, history, nothing)
            _befall(under_test, history, lambda _: fail_over(primary, standby))
            _end(clients)
            _check_in_the_end(under_test, history)


def nothing(_: Cluster) -> None:
    """Let the clients do some work first."""


def fail_over(primary: PostgresServer, standby: PostgresServer) -> None:
    primary.destroy()
    standby.promote()


@contextmanager
def replicated() -> Iterator[tuple[PostgresServer, PostgresServer]]:
    """Yield a primary that answers no commit before its standby has it, and the standby."""
    with (
        server_folder() as one,
        server_folder() as other,
        PostgresServer(one, synchronous_standby_names="*") as primary,
    ):
        standby = PostgresServer(other)
        standby.copy(primary)
        standby.start()
        yield primary, standby
        standby.stop()


@pytest.mark.soak
@pytest.mark.parametrize("engine", ENGINES)
def test_for_half_an_hour_whatever_befalls_the_services(tmp_path, capsys, engine):
    counts = run(tmp_path, 60 * float(os.environ.get("SOAK_MINUTES", "30")), engine, calm_s=10)
    with capsys.disabled():
        print(f"\n{counts}")  # noqa: T201  # what the soak was for

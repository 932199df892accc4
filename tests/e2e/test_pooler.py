"""Services behind PgBouncer in transaction mode: they do all that they do without it, and lose nothing with it."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.e2e.cluster import Node, services
from tests.e2e.ordeal import endure, faults_of, new_chance
from tests.e2e.test_cluster import restart
from tests.e2e.test_erasing import erasure, event_id, post_lines, records, report
from tests.e2e.test_streams import listening, next_event
from tests.pooler import INSTALLED, Pooler, pooler
from tests.postgres_server import PostgresServer, server_folder

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.skipif(INSTALLED is None, reason="PgBouncer is not installed: Debian's package is pgbouncer"),
]


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    with server_folder() as folder, PostgresServer(folder, fsync="off") as server:
        yield server


@pytest.fixture
def between(server: PostgresServer) -> Iterator[Pooler]:
    with pooler(server.url) as between:
        yield between


@pytest.mark.parametrize("hears", ["by listening", "by looking"])
def test_two_services_do_all_that_they_do_without_a_pooler(tmp_path, server, between, hears):
    settings = {"database_url": between.url}
    if hears == "by listening":
        settings["direct_database_url"] = server.url
    with services(tmp_path, 2, **settings) as ((first, second), _):
        key = first.create_key("admin", "admin")
        with first.client(key) as one, second.client(key) as other:
            assert len(post_lines(one, [report(number) for number in range(1, 601)])) == 600
            with listening(second, key, after=600) as lines:
                one.post("/v1/events", json=report(601)).raise_for_status()
                assert next_event(lines)[0] == 601
            found = other.get("/v1/claims/claim-601", params={"min_position": 601})
            assert (found.status_code, found.json()["version"]) == (httpx.codes.OK, 1)
            one.post("/v1/events", json=erasure(7)).raise_for_status()
            assert other.get("/v1/claims/claim-7", params={"min_position": 602}).json()["text"] is None
            assert [row["position"] for row in records(other) if row["event"] is None] == [7]
            assert other.get(f"/v1/events/{event_id(7)}/bytes").status_code == httpx.codes.GONE
        keep(first, tmp_path / "archive")


def keep(node: Node, archive: Path) -> None:
    """Run the commands that read or write all of a ledger."""
    for arguments in (("rebuild",), ("backup", str(archive)), ("migrate",), ("keys", "list")):
        done = node.command(*arguments)
        assert (done.returncode, done.stderr) == (0, ""), arguments


def test_poolers_and_databases_that_end_under_load_lose_nothing(tmp_path, server, between):
    def restart_the_pooler() -> None:
        between.kill()
        between.start()

    chance = new_chance()
    with services(tmp_path, 2, database_url=between.url) as (nodes, key):
        faults = {
            "pooler killed and started": restart_the_pooler,
            "database restarted behind it": lambda: restart(server, server.stop),
            **faults_of(nodes[1:], chance),
        }
        endure(nodes, key, chance, faults, 0)

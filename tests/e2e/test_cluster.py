"""Three services on one PostgreSQL, whatever befalls them: nothing that was answered is lost, no answer is wrong."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from time import sleep

import psycopg
import pytest

from tests.e2e.cluster import services
from tests.e2e.ordeal import CALM_S, SOAK_S, Faults, endure, faults_of, new_chance
from tests.postgres_server import PostgresServer, server_folder
from tests.proxy import Proxy

pytestmark = pytest.mark.postgres
NODES = 3


def faults_of_one(server: PostgresServer, proxy: Proxy) -> Faults:
    return {
        "connections cut": partial(cut, proxy),
        "database stopped and started": lambda: restart(server, server.stop),
        "database killed and started": lambda: restart(server, server.kill),
    }


def cut(proxy: Proxy) -> None:
    for _ in range(5):
        proxy.cut()
        sleep(0.05)


def restart(server: PostgresServer, end) -> None:
    end()
    server.start()


def run(folder: Path, seconds: float, calm_s: float = 0) -> None:
    chance = new_chance()
    with (
        server_folder() as place,
        PostgresServer(place) as server,
        Proxy(server.url) as proxy,
        services(folder, NODES, database_url=proxy.url, direct_database_url=proxy.url) as (nodes, key),
    ):
        endure(nodes, key, chance, {**faults_of_one(server, proxy), **faults_of(nodes, chance)}, seconds, calm_s)


def test_for_twenty_seconds_whatever_befalls_three_services(tmp_path):
    run(tmp_path, 20)


@pytest.mark.soak
def test_for_half_an_hour_whatever_befalls_three_services(tmp_path):
    run(tmp_path, SOAK_S, CALM_S)


class Pair:
    """A primary that answers no commit before its standby has it; who is lost comes back as the other's standby."""

    def __init__(self, primary: PostgresServer, standby: PostgresServer) -> None:
        self.primary, self.standby = primary, standby
        self.url = f"postgresql://postgres@127.0.0.1:{primary.port},127.0.0.1:{standby.port}/postgres"
        self.url += "?target_session_attrs=read-write"

    def join(self) -> None:
        """Make a standby of the other one, and wait until the primary waits for it with each commit."""
        self.standby.copy(self.primary)
        self.standby.start()
        with psycopg.connect(self.primary.url, autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
            connection.execute("SELECT pg_reload_conf()")
            while connection.execute("SELECT FROM pg_stat_replication WHERE sync_state = 'sync'").fetchone() is None:
                pass
            connection.execute("CHECKPOINT")  # by whoever tells the others to wait, once it has been told itself

    def fail_over(self) -> None:
        """Lose the primary, as where its machine is gone, and have the standby take its place, alone."""
        self.primary.destroy()
        self.standby.promote()
        self.primary, self.standby = self.standby, self.primary
        with psycopg.connect(self.primary.url, autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET synchronous_standby_names = ''")
            connection.execute("SELECT pg_reload_conf()")


@contextmanager
def pair() -> Iterator[Pair]:
    with (
        server_folder() as one,
        server_folder() as other,
        PostgresServer(one, wal_keep_size="1GB") as primary,
    ):
        standby = PostgresServer(other, wal_keep_size="1GB")
        try:
            made = Pair(primary, standby)
            made.join()
            yield made
        finally:
            standby.stop()


def run_on_a_pair(folder: Path, seconds: float) -> None:
    chance = new_chance()
    with pair() as servers, services(folder, NODES, database_url=servers.url) as (nodes, key):
        faults = {
            "nothing": lambda: None,
            "failover to the standby": servers.fail_over,
            "another standby joins": servers.join,
        }
        endure(nodes, key, chance, {**faults, **faults_of(nodes, chance)} if seconds else faults, seconds)


def test_a_primary_is_lost_and_nothing_that_was_answered(tmp_path):
    run_on_a_pair(tmp_path, 0)


@pytest.mark.soak
def test_for_ten_minutes_primary_after_primary_is_lost(tmp_path):
    run_on_a_pair(tmp_path, 600)

"""W2, N1: the same posts on PostgreSQL, to one service and to two that share a database."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from threading import Event, Thread
from time import perf_counter

import psycopg

from benchmarks.plan import CONNECTIONS, Bench
from benchmarks.posting import Posted, post_to_service, post_to_yardstick
from benchmarks.rows import Row
from benchmarks.servers import Server, new_signing_key, running_service
from tests.postgres_server import PostgresServer, server_folder

_DATABASE = "onrecord_bench"
_LOOK_S = 0.005
# Who holds the head row, or waits for it, has this lock on the table; while anybody waits, somebody holds.
_IS_HEAD_HELD = """
    SELECT count(*) > 0 FROM pg_locks
    WHERE relation = to_regclass('ledger.head') AND mode = 'RowShareLock' AND granted
"""


class Watcher:
    """Looks again and again whether the head row is held."""

    def __init__(self, url: str) -> None:
        """Begin to look."""
        self._looks: list[tuple[float, bool]] = []
        self._is_over = Event()
        self._thread = Thread(target=self._look, args=(url,))
        self._thread.start()

    def end(self) -> None:
        """Look no more."""
        self._is_over.set()
        self._thread.join()

    def share(self, span: tuple[float, float]) -> float:
        """Return in how many of a hundred looks of a span it was held."""
        looks = [is_held for at, is_held in self._looks if span[0] <= at <= span[1]]
        return 100 * sum(looks) / len(looks) if looks else 0.0

    def _look(self, url: str) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            while not self._is_over.wait(_LOOK_S):
                row = connection.execute(_IS_HEAD_HELD).fetchone()
                self._looks.append((perf_counter(), bool(row and row[0])))


def measure_w2(bench: Bench) -> Sequence[Row]:
    """Return W2: what W1 is, on PostgreSQL."""
    what = f"durable single POSTs on PostgreSQL, {CONNECTIONS} connections"
    w2 = Row(row_id="W2", what=what, unit="/s", against="C-post", reach=0.9)
    with running_postgres(bench) as url:
        for index in range(bench.plan.rounds):
            ours = post_to_service(bench, bench.plan.post_s, CONNECTIONS, partial(_nodes, url, 1, 1))
            ordinary = post_to_yardstick(bench, bench.plan.load_s, CONNECTIONS)
            w2.add(ours.rate, ordinary.rate)
            bench.tell(f"W2 round {index + 1}: {ours.rate:,.0f}/s, C-post {ordinary.rate:,.0f}/s")
    return [w2]


def measure_n1(bench: Bench) -> Sequence[Row]:
    """Return N1: two services on one database beside one, and how much of the time the head row is held."""
    what = f"the same with two services on one database, {CONNECTIONS // 2} connections each"
    n1 = Row(row_id="N1", what=what, unit="/s", against="W2", reach=1.6 if bench.cores >= 4 else 1.0)
    held = Row(row_id="N1-head", what="share of that time in which the head row is held", unit="%")
    with running_postgres(bench) as url:
        for index in range(bench.plan.rounds):
            two, share = _watched(bench, url, 2)
            one, _ = _watched(bench, url, 1)
            n1.add(two.rate, one.rate)
            held.add(share)
            bench.tell(f"N1 round {index + 1}: {two.rate:,.0f}/s, one {one.rate:,.0f}/s, head held {share:.0f} %")
    return [n1, held]


def _watched(bench: Bench, url: str, nodes: int) -> tuple[Posted, float]:
    """Post by two drivers, whether to two services or both to one: each side has the same load."""
    watchers: list[Watcher] = []

    @contextmanager
    def start(folder: Path) -> Iterator[Sequence[Server]]:
        with _nodes(url, nodes, 2, folder) as servers:
            watchers.append(Watcher(f"{url}/{_DATABASE}"))
            try:
                yield servers
            finally:
                watchers[0].end()

    posted = post_to_service(bench, bench.plan.load_s, CONNECTIONS, start)
    return posted, watchers[0].share(posted.span)


@contextmanager
def _nodes(url: str, nodes: int, drivers: int, folder: Path) -> Iterator[Sequence[Server]]:
    """Start services on a new database; yield one for each driver, in turns."""
    with ExitStack() as stack:
        database_url = stack.enter_context(new_database(url))
        settings = {"database_url": database_url, "signing_key_file": str(new_signing_key(folder / "log.pem"))}
        services = [stack.enter_context(running_service(folder / f"node-{node}", **settings)) for node in range(nodes)]
        yield [services[driver % nodes] for driver in range(drivers)]


@contextmanager
def running_postgres(bench: Bench) -> Iterator[str]:
    """Start a PostgreSQL with its own settings, which are durable, and yield its address without a database."""
    bench.folder.chmod(0o711)  # it does not run as root
    with server_folder(bench.folder) as folder, PostgresServer(folder, unix_socket_directories="") as server:
        yield server.url.rpartition("/")[0]


@contextmanager
def new_database(url: str) -> Iterator[str]:
    """Make a database on that server, and yield its address."""
    with psycopg.connect(f"{url}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {_DATABASE} TEMPLATE template0 ENCODING 'UTF8'".encode())
        try:
            yield f"{url}/{_DATABASE}"
        finally:
            connection.execute(f"DROP DATABASE {_DATABASE} WITH (FORCE)".encode())

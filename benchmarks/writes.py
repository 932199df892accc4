"""W1, W3, W4: durable events in over HTTP, each round on a fresh ledger."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import NamedTuple

from benchmarks import stories
from benchmarks.bare import commit_single_rows_us, insert_in_batches
from benchmarks.ledgers import import_file, post_event, wait_until_covered, write_lines
from benchmarks.load import Load, LoadFailedError
from benchmarks.plan import CONNECTIONS, Bench
from benchmarks.requests import write_requests
from benchmarks.rows import Row
from benchmarks.servers import Server, running_service, running_yardstick

_BODIES = 5_000
_CLAIMS = 5_000
_BARE_COMMIT_S = 1.0


class Posted(NamedTuple):
    """Durable posts: how many a second until reads showed the last, and how long one took."""

    rate: float
    p50_us: float


def measure_w1(bench: Bench) -> Sequence[Row]:
    """Return W1 and its check against bare ASGI: single posts on 64 connections."""
    what = f"durable single POSTs, {CONNECTIONS} connections"
    w1 = Row(row_id="W1", what=what, unit="/s", against="C-post", reach=1.2)
    raw = Row(row_id="W1-raw", what=what, unit="/s", against="C-raw", reach=0.2)
    for index in range(bench.plan.rounds):
        ours = _post_to_service(bench, CONNECTIONS)
        ordinary = _post_to_yardstick(bench, CONNECTIONS)
        least = _post_to_yardstick(bench, CONNECTIONS, "--raw")
        w1.add(ours.rate, ordinary.rate)
        raw.add(ours.rate, least.rate)
        told = f"{ours.rate:,.0f}/s, C-post {ordinary.rate:,.0f}/s, C-raw {least.rate:,.0f}/s"
        bench.tell(f"W1 round {index + 1}: {told}")
    return [w1, raw]


def measure_w3(bench: Bench) -> Sequence[Row]:
    """Return W3, the latency of single posts on one connection, and W1c, how many go through it."""
    bare = "C-post + one bare durable commit"
    what = "durable POST on one connection, median latency"
    w3 = Row(row_id="W3", what=what, unit="µs", against=bare, reach=1.3, is_lower_better=True)
    w1c = Row(row_id="W1c", what="durable single POSTs, 1 connection", unit="/s", against="C-post")
    lines = list(stories.posts(bench.plan.seed, 1_000, _CLAIMS))
    for index in range(bench.plan.rounds):
        # On both sides of the service's turn: a disk that others use may be ten times slower a second later.
        before_us = _commit_us(bench, lines)
        ours = _post_to_service(bench, 1)
        commit_us = (before_us + _commit_us(bench, lines)) / 2
        ordinary = _post_to_yardstick(bench, 1)
        w3.add(ours.p50_us, ordinary.p50_us + commit_us)
        w1c.add(ours.rate, ordinary.rate)
        told = f"{ours.p50_us:,.0f} µs, C-post {ordinary.p50_us:,.0f} µs, bare commit {commit_us:,.0f} µs"
        bench.tell(f"W3 round {index + 1}: {told}")
    return [w3, w1c]


def measure_w4(bench: Bench) -> Sequence[Row]:
    """Return W4, an import by NDJSON, and the same until reads show it."""
    against = "C-db, 1,000 a transaction"
    w4 = Row(row_id="W4", what="NDJSON import over HTTP, events", unit="/s", against=against, reach=0.25)
    shown = Row(row_id="W4-read", what="the same, until reads show the last", unit="/s", against=against)
    lines = _lines(bench, bench.plan.import_lines)
    path = write_lines(bench.folder / "import.ndjson", lines)
    for index in range(bench.plan.rounds):
        durable, visible = _import_into_service(bench, path)
        with _round_folder(bench) as folder:
            bare = insert_in_batches(folder, lines)
        w4.add(durable, bare)
        shown.add(visible, bare)
        bench.tell(f"W4 round {index + 1}: {durable:,.0f}/s, shown {visible:,.0f}/s, C-db {bare:,.0f}/s")
    return [w4, shown]


def _post_to_service(bench: Bench, connections: int) -> Posted:
    """Post to a ledger whose claims have begun, and stop the clock when read models cover the last event."""
    with _round_folder(bench) as folder, running_service(folder / "data") as service:
        begun = min(_CLAIMS, bench.plan.claims)
        import_file(service, write_lines(folder / "begun.ndjson", stories.ledger(bench.plan.seed, begun)))
        load = _load(bench, service, folder, connections)
        bench.driver.warm_up(load(bench.plan.warm_up_s))
        before = _mark(service)
        wait_until_covered(service, before)
        measured = bench.driver.run(load(bench.plan.post_s))
        after = _mark(service)
        covered = wait_until_covered(service, after)
    recorded = after - before - 1
    # Those under way when time was up may have been recorded and not counted, one a connection.
    if not measured.answers <= recorded <= measured.answers + connections:
        raise LoadFailedError(f"{recorded} events were recorded, {measured.answers} answered")
    return Posted(measured.answers / (measured.seconds + covered - measured.ended), measured.p50_us)


def _post_to_yardstick(bench: Bench, connections: int, *arguments: str) -> Posted:
    with _round_folder(bench) as folder, running_yardstick(folder, *arguments) as yardstick:
        load = _load(bench, yardstick, folder, connections)
        bench.driver.warm_up(load(bench.plan.warm_up_s))
        measured = bench.driver.run(load(bench.plan.post_s))
    return Posted(measured.rate, measured.p50_us)


def _commit_us(bench: Bench, lines: Sequence[bytes]) -> float:
    with _round_folder(bench) as folder:
        return commit_single_rows_us(folder, lines, _BARE_COMMIT_S)


def _load(bench: Bench, server: Server, folder: Path, connections: int) -> Callable[[int], Load]:
    """Return what makes a load of so many seconds."""
    bodies = stories.posts(bench.plan.seed, _BODIES, min(_CLAIMS, bench.plan.claims))
    path = write_requests(folder / "posts", (server.request("POST", "/v1/events", body) for body in bodies))
    return lambda seconds: Load(port=server.port, requests=path, connections=connections, seconds=seconds, status=201)


def _mark(service: Server) -> int:
    chance = Random()
    event = stories.first_event(chance, None)
    return post_event(service, stories.line(event, stories.new_id(chance)))


def _import_into_service(bench: Bench, path: Path) -> tuple[float, float]:
    """Return events a second until the last was answered, and until reads showed it."""
    with _round_folder(bench) as folder, running_service(folder / "data") as service:
        start = perf_counter()
        imported = import_file(service, path)
        covered = wait_until_covered(service, imported.position)
    return imported.count / (imported.ended - start), imported.count / (covered - start)


def _lines(bench: Bench, count: int) -> list[bytes]:
    """Return so many lines, of which two thirds begin a claim."""
    return list(stories.ledger(bench.plan.seed, (2 * count + 2) // 3))[:count]


@contextmanager
def _round_folder(bench: Bench) -> Iterator[Path]:
    with TemporaryDirectory(dir=bench.folder) as folder:
        yield Path(folder)

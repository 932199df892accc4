"""Posts single events, at the service and at the yardsticks, and keeps the count: what all rows of writing share."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import NamedTuple

from benchmarks import stories
from benchmarks.ledgers import import_file, post_event, wait_until_covered, write_lines
from benchmarks.load import Load, LoadFailedError
from benchmarks.plan import ROOT, Bench
from benchmarks.requests import write_requests
from benchmarks.servers import Server, running_service, running_yardstick

CLAIMS_BEGUN = 5_000
_BODIES = 5_000

Start = Callable[[Path], AbstractContextManager[Sequence[Server]]]
"""Starts a service on a fresh ledger; each server of the sequence is posted to by a driver of its own."""


class Posted(NamedTuple):
    """Durable posts: how many a second until reads showed the last, how long one took, and from when to when."""

    rate: float
    p50_us: float
    span: tuple[float, float]


@contextmanager
def one_on_sqlite(folder: Path) -> Iterator[Sequence[Server]]:
    """Start one service on a ledger in a folder."""
    with running_service(folder / "data") as service:
        yield [service]


def post_to_service(bench: Bench, seconds: int, connections: int, start: Start = one_on_sqlite) -> Posted:
    """Post to a ledger whose claims have begun, and stop the clock when read models cover the last event."""
    with round_folder(bench) as folder, start(folder) as servers:
        begin_claims(bench, servers[0], folder)
        bodies = list(ledger_posts(bench))
        loads = [
            posts(server, write_posts(server, bodies, folder / f"posts-{index}"), connections // len(servers))
            for index, server in enumerate(servers)
        ]
        return post_and_cover(bench, servers[0], loads, seconds)


def post_to_part(bench: Bench, seconds: int, connections: int, part: str) -> Posted:
    """Post to a service of which only a part is there, and stop the clock when time is up."""
    program = (sys.executable, "-P", str(ROOT / "benchmarks" / "partial.py"), part)
    with round_folder(bench) as folder, running_service(folder / "data", program) as service:
        begin_claims(bench, service, folder)
        return _post(bench, service, folder, connections, seconds)


def post_to_yardstick(bench: Bench, seconds: int, connections: int, *arguments: str) -> Posted:
    """Post the same to a server that stores nothing."""
    with round_folder(bench) as folder, running_yardstick(folder, *arguments) as yardstick:
        return _post(bench, yardstick, folder, connections, seconds)


def post_and_cover(bench: Bench, service: Server, loads: Sequence[Callable[[int], Load]], seconds: int) -> Posted:
    """Put loads of posts on, and return the rate until read models cover the last event.

    Raises LoadFailedError where the ledger has not moved by what was answered.
    """
    for load in loads:
        bench.driver.warm_up(load(bench.plan.warm_up_s))
    before = mark(service)
    wait_until_covered(service, before)
    measured = bench.driver.run_together([load(seconds) for load in loads])
    after = mark(service)
    covered = wait_until_covered(service, after)
    recorded = after - before - 1
    # Those under way when time was up may have been recorded and not counted, one a connection; and where there are
    # several services, those that another one than the marked had in its queue when the warm-up was over.
    under_way = sum(load(seconds).connections for load in loads) * min(len(loads), 2)
    if not measured.answers <= recorded <= measured.answers + under_way:
        raise LoadFailedError(f"{recorded} events were recorded, {measured.answers} answered")
    return Posted(measured.answers / (measured.seconds + covered - measured.ended), measured.p50_us, measured.span)


def begin_claims(bench: Bench, service: Server, folder: Path) -> None:
    """Import the claims of which the posts say more."""
    lines = stories.ledger(bench.plan.seed, _claims(bench))
    import_file(service, write_lines(folder / "begun.ndjson", lines))


def ledger_posts(bench: Bench) -> Iterator[bytes]:
    """Yield the bodies to post to such a ledger."""
    return stories.posts(bench.plan.seed, _BODIES, range(_claims(bench)))


def write_posts(server: Server, bodies: Iterable[bytes], path: Path) -> Path:
    """Write the requests that post bodies to a server, and return the path."""
    return write_requests(path, (server.request("POST", "/v1/events", body) for body in bodies))


def posts(server: Server, requests: Path, connections: int) -> Callable[[int], Load]:
    """Return what makes a load of so many seconds."""
    return lambda seconds: Load(
        port=server.port, requests=requests, connections=connections, seconds=seconds, status=201
    )


def mark(service: Server) -> int:
    """Post an event of a claim of its own, and return its position."""
    chance = Random()
    event = stories.first_event(chance, None)
    return post_event(service, stories.line(event, stories.new_id(chance)))


@contextmanager
def round_folder(bench: Bench) -> Iterator[Path]:
    """Yield a folder that is gone after the round."""
    with TemporaryDirectory(dir=bench.folder) as folder:
        yield Path(folder)


def _post(bench: Bench, server: Server, folder: Path, connections: int, seconds: int) -> Posted:
    load = posts(server, write_posts(server, ledger_posts(bench), folder / "posts"), connections)
    bench.driver.warm_up(load(bench.plan.warm_up_s))
    measured = bench.driver.run(load(seconds))
    return Posted(measured.rate, measured.p50_us, measured.span)


def _claims(bench: Bench) -> int:
    return min(CLAIMS_BEGUN, bench.plan.claims)

"""The command: W1 and R1 of the service, of Emmett with Express and of `eventsourcing` with FastAPI, in turns."""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from benchmarks import stories
from benchmarks.clusters import new_database, running_postgres
from benchmarks.load import Load, find_driver
from benchmarks.plan import CONNECTIONS, FULL, QUICK, Bench
from benchmarks.posting import posts, round_folder, write_posts
from benchmarks.report import format_table
from benchmarks.requests import ID_PLACE, write_requests
from benchmarks.rows import Row
from benchmarks.servers import Server, running_foreign, running_service

_FOLDER = Path(__file__).resolve().parent
_RESULTS = _FOLDER.parent / "results"
_CLAIMS = 500

Start = Callable[[Path], AbstractContextManager[Server]]


def main() -> None:
    """Measure, and print the table: the service beside each of the others."""
    arguments = _parse()
    plan = QUICK if arguments.quick else FULL
    with TemporaryDirectory(dir=arguments.folder or _RESULTS) as folder:
        tell = sys.stderr.write
        bench = Bench(
            plan=plan,
            driver=find_driver(arguments.driver),
            folder=Path(folder),
            tell=lambda text: _ignore(tell(f"{text}\n")),
        )
        with running_postgres(bench) as url:
            rows = _measure(bench, url, arguments.rounds or plan.rounds)
    sys.stdout.write(format_table(rows))


def _measure(bench: Bench, url: str, rounds: int) -> Sequence[Row]:
    others: dict[str, Start] = {"Emmett, Express": partial(_emmett, url), "eventsourcing, FastAPI": _eventsourcing}
    rows = {
        (row_id, name): Row(row_id=row_id, what=what, unit="/s", against=name, reach=3)
        for row_id, what in (("W1", "durable single POSTs"), ("R1", "GET of a claim's standing"))
        for name in others
    }
    for index in range(rounds):
        ours = _round(bench, _service)
        for name, start in others.items():
            theirs = _round(bench, start)
            for row_id, mine, other in zip(("W1", "R1"), ours, theirs, strict=True):
                rows[row_id, name].add(mine, other)
            told = f"{name} {theirs[0]:,.0f} and {theirs[1]:,.0f}/s"
            bench.tell(f"round {index + 1}: {ours[0]:,.0f} and {ours[1]:,.0f}/s, {told}")
    return list(rows.values())


def _round(bench: Bench, start: Start) -> tuple[float, float]:
    """Return how many posts and how many reads a second; every post is of a claim that has begun."""
    chance = Random(bench.plan.seed)
    begin = [stories.line(stories.first_event(chance, number), ID_PLACE) for number in range(_CLAIMS)]
    later = [stories.line(stories.later_event(chance, number), ID_PLACE) for number in range(_CLAIMS)]
    with round_folder(bench) as folder, start(folder) as server:
        begun = posts(server, write_posts(server, begin, folder / "begun"), 1)
        said = posts(server, write_posts(server, later, folder / "said"), CONNECTIONS)
        bench.driver.warm_up(begun(2 * bench.plan.warm_up_s))
        bench.driver.warm_up(said(bench.plan.warm_up_s))
        paths = [f"/v1/claims/{stories.claim_id(number)}" for number in range(_CLAIMS // 5)]
        requests = write_requests(folder / "reads", (server.request("GET", path) for path in paths))

        def reads(seconds: int) -> Load:
            return Load(port=server.port, requests=requests, connections=CONNECTIONS, seconds=seconds, status=200)

        written = bench.driver.run(said(bench.plan.post_s)).rate
        bench.driver.warm_up(reads(bench.plan.warm_up_s))
        return written, bench.driver.run(reads(bench.plan.load_s)).rate


@contextmanager
def _service(folder: Path) -> Iterator[Server]:
    with running_service(folder / "data") as server:
        yield server


@contextmanager
def _emmett(url: str, folder: Path) -> Iterator[Server]:
    with new_database(url) as database_url:
        command = ["node", str(_FOLDER / "emmett_app.mjs"), database_url]
        with running_foreign(command, folder) as server:
            yield server


def _eventsourcing(folder: Path) -> AbstractContextManager[Server]:
    module = "benchmarks.side_by_side.eventsourcing_app"
    return running_foreign([sys.executable, "-m", module, str(folder / "claims.db")], folder)


def _ignore(_: object) -> None:
    """Make a callback return nothing."""


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.side_by_side", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="rounds of 5 s")
    parser.add_argument("--rounds", type=int, help="rounds of each")
    parser.add_argument("--driver", choices=("auto", "wrk", "python"), default="auto", help="what puts the load on")
    parser.add_argument("--folder", type=Path, help="where ledgers are written meanwhile: a disk, not memory")
    return parser.parse_args()


if __name__ == "__main__":
    main()

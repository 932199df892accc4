"""The command: measures what is asked for, prints the table, writes the results."""

import argparse
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.audits import measure_audits
from benchmarks.clusters import measure_n1, measure_w2
from benchmarks.curves import write_curves
from benchmarks.freshness import measure_p2
from benchmarks.growth import measure_g1, measure_g2
from benchmarks.listeners import ROW_IDS as LISTENER_IDS
from benchmarks.listeners import measure_listeners
from benchmarks.load import LoadFailedError, find_driver
from benchmarks.machine import describe_machine
from benchmarks.overload import ROW_IDS as OVERLOAD_IDS
from benchmarks.overload import measure_overload
from benchmarks.plan import FULL, QUICK, ROOT, Bench, Plan
from benchmarks.reads import ROW_IDS, measure_reads
from benchmarks.rebuilds import ROW_IDS as REBUILD_IDS
from benchmarks.rebuilds import measure_rebuilds
from benchmarks.report import format_table, write_page, write_results
from benchmarks.rows import Row
from benchmarks.writes import measure_parts, measure_w1, measure_w3, measure_w4

RESULTS = ROOT / "benchmarks" / "results"
GROUPS: Sequence[tuple[tuple[str, ...], Callable[[Bench], Sequence[Row]]]] = (
    (("W1", "W1-raw"), measure_w1),
    (("W1-answered", "W1-recorded"), measure_parts),
    (("W2",), measure_w2),
    (("N1", "N1-head"), measure_n1),
    (("W3", "W1c"), measure_w3),
    (("W4", "W4-read"), measure_w4),
    (ROW_IDS, measure_reads),
    (REBUILD_IDS, measure_rebuilds),
    (LISTENER_IDS, measure_listeners),
    (("P2", "P2-p99"), measure_p2),
    (("V1", "V1-memory"), measure_audits),
    (OVERLOAD_IDS, measure_overload),
    (("G1-W1", "G1-R1", "G1-R3", "G1-cold"), measure_g1),
    (("G2-append", "G2-first", "G2-read"), measure_g2),
)


def main() -> None:
    """Exit with 0 when every row could be measured, 1 when one failed."""
    arguments = _parse()
    plan = _plan(arguments)
    driver = find_driver(arguments.driver)
    RESULTS.mkdir(exist_ok=True)
    if arguments.ledgers:
        arguments.ledgers.mkdir(parents=True, exist_ok=True)
    # Not in /tmp, which may be memory: a commit has to reach a disk.
    with TemporaryDirectory(dir=arguments.folder or RESULTS) as folder:
        bench = Bench(
            plan=plan,
            driver=driver,
            folder=Path(folder),
            tell=_tell,
            only=frozenset(arguments.only),
            ledgers=arguments.ledgers,
        )
        machine = describe_machine(bench.folder)
        _tell(f"{machine['cores']} × {machine['cpu']}, fsync {machine['fsync_us']} µs, load by {driver.name}")
        rows = [
            row for row_ids, measure in GROUPS if bench.wants(*row_ids) for row in _measure(bench, row_ids, measure)
        ]
    write_results(arguments.output, machine, driver.name, asdict(plan), rows)
    pictures = write_curves(arguments.output.parent, rows)
    write_page(arguments.output, pictures, rows)
    sys.stdout.write(format_table(rows))
    sys.exit(any(row.failure for row in rows))


def _measure(bench: Bench, row_ids: tuple[str, ...], measure: Callable[[Bench], Sequence[Row]]) -> Sequence[Row]:
    """Return the rows of a group, or why there are none: the others are measured all the same."""
    try:
        return measure(bench)
    except (LoadFailedError, OSError, RuntimeError, subprocess.SubprocessError) as error:
        _tell(f"{', '.join(row_ids)} failed: {error}")
        return [Row(row_id=row_id, what="", unit="", failure=str(error)) for row_id in row_ids if bench.wants(row_id)]


def _plan(arguments: argparse.Namespace) -> Plan:
    plan = QUICK if arguments.quick else FULL
    said = {"rounds": arguments.rounds, "claims": arguments.claims, "import_lines": arguments.import_lines}
    said |= {"post_s": arguments.seconds, "load_s": arguments.seconds}
    return replace(plan, **{name: value for name, value in said.items() if value is not None})


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="rounds of 5 s on a small ledger")
    parser.add_argument("--only", nargs="+", default=[], metavar="ROW", help="only these rows, such as W1 R1")
    parser.add_argument("--rounds", type=int, help="rounds of each row")
    parser.add_argument("--seconds", type=int, help="seconds of a round")
    parser.add_argument("--claims", type=int, help="claims in the ledger that is read")
    parser.add_argument("--import-lines", type=int, help="events in one import")
    parser.add_argument("--driver", choices=("auto", "wrk", "python"), default="auto", help="what puts the load on")
    parser.add_argument("--folder", type=Path, help="where ledgers are written meanwhile: a disk, not memory")
    parser.add_argument(
        "--ledgers", type=Path, help="where large ledgers are kept, and those of the last run are found"
    )
    parser.add_argument("--output", type=Path, default=RESULTS / "latest.json", help="where the results go")
    return parser.parse_args()


def _tell(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main()

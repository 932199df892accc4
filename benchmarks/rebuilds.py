"""P1, M1: what a large ledger costs to import and to make read models of, in time and in memory."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from time import perf_counter

from benchmarks.grown import grow
from benchmarks.plan import Bench
from benchmarks.rows import Row
from benchmarks.servers import ONRECORD, environment_of

ROW_IDS = ("P1", "M1", "M1-rebuild")
_REACH_MB = 250
_MEASURED = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def measure_rebuilds(bench: Bench) -> Sequence[Row]:
    """Return the rebuild's rate beside C-scan, and the memory that it and the import before it take at most.

    The rate is measured in rounds on a ledger of middle size, and once on each size for its curve.
    """
    events, largest = bench.plan.rebuilt_events, max(bench.plan.growth_events)
    rate = Row(
        row_id="P1", what=f"rebuild of the read models, {events:,} events", unit="/s", against="C-scan", reach=0.1
    )
    imported, built = (
        Row(
            row_id=row_id,
            what=f"peak memory, {what} {largest:,} events",
            unit="MB",
            reach=_REACH_MB,
            is_lower_better=True,
        )
        for row_id, what in (("M1", "importing"), ("M1-rebuild", "rebuilding"))
    )
    for index in range(bench.plan.rounds):
        rate.add(*_rebuild(bench, f"P1 round {index + 1}", events)[:2])
    peaks_mb = {}
    for size in bench.plan.growth_events:
        rate.curve[size], _, peaks_mb[size] = _rebuild(bench, f"P1 with {size:,} events", size)
    built.add(peaks_mb[largest])
    imported.add(grow(bench, largest).peak_mb)
    bench.tell(f"M1: {imported.value:,.0f} MB, rebuilding {built.value:,.0f} MB")
    return [row for row in (rate, imported, built) if bench.wants(row.row_id)]


def _rebuild(bench: Bench, what: str, events: int) -> tuple[float, float, float]:
    """Return how many events a second are rebuilt, how many C-scan reads, and the rebuild's peak of memory in MB."""
    folder, _ = grow(bench, events)
    seconds, peak_mb = run_measured(folder, "rebuild")
    rate, scanned = events / seconds, scan(folder / "ledger.db")
    bench.tell(f"{what}: {rate:,.0f}/s, C-scan {scanned:,.0f}/s, {peak_mb:,.0f} MB")
    return rate, scanned, peak_mb


def run_measured(folder: Path, *arguments: str) -> tuple[float, float]:
    """Return how many seconds a command of ours takes on a data directory, and the most memory that it has, in MB."""
    start = perf_counter()
    command = [sys.executable, "-c", _MEASURED, str(ONRECORD), *arguments]
    done = subprocess.run(command, env=environment_of(folder), cwd=folder, capture_output=True, text=True, check=True)
    return perf_counter() - start, int(done.stdout) / 1024


def scan(ledger: Path) -> float:
    """Return how many events a second are read and parsed by the bare driver: C-scan."""
    with closing(sqlite3.connect(f"{ledger.as_uri()}?mode=ro", uri=True)) as connection:
        start = perf_counter()
        count = 0
        for (state,) in connection.execute("SELECT state FROM stored_events ORDER BY position"):
            json.loads(state)
            count += 1
        return count / (perf_counter() - start)

"""P1, M1: what a large ledger costs to import and to make read models of, in time and in memory."""

import json
import re
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from time import perf_counter

from benchmarks import stories
from benchmarks.ledgers import fill
from benchmarks.load import LoadFailedError
from benchmarks.plan import Bench
from benchmarks.rows import Row
from benchmarks.servers import ONRECORD, environment_of, running_service

ROW_IDS = ("P1", "M1", "M1-rebuild")
_EVENTS_A_CLAIM = 10
_REACH_MB = 250
_MEASURED = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def measure_rebuilds(bench: Bench) -> Sequence[Row]:
    """Return the rebuild's rate beside C-scan, and the memory that it and the import before it take at most."""
    events = _EVENTS_A_CLAIM * bench.plan.claims
    of = f"{events:,} events of {bench.plan.claims:,} claims"
    imported = Row(row_id="M1", what=f"peak memory, importing {of}", unit="MB", reach=_REACH_MB, is_lower_better=True)
    built = Row(
        row_id="M1-rebuild", what=f"peak memory, rebuilding {of}", unit="MB", reach=_REACH_MB, is_lower_better=True
    )
    rate = Row(row_id="P1", what=f"rebuild of the read models, {of}", unit="/s", against="C-scan", reach=0.1)
    folder = bench.folder / "rebuilds"
    imported.add(_import(bench, folder, events))
    bench.tell(f"M1: {imported.value:,.0f} MB")
    for index in range(bench.plan.rounds):
        seconds, peak_mb = run_measured(folder, "rebuild")
        scanned = scan(folder / "ledger.db")
        rate.add(events / seconds, scanned)
        built.add(peak_mb)
        bench.tell(f"P1 round {index + 1}: {events / seconds:,.0f}/s, C-scan {scanned:,.0f}/s, {peak_mb:,.0f} MB")
    return [row for row in (rate, imported, built) if bench.wants(row.row_id)]


def _import(bench: Bench, folder: Path, events: int) -> float:
    """Import a ledger in no order of its claims, and return the most memory that the service had, in MB."""
    with running_service(folder) as service:
        fill(service, folder / "import.ndjson", stories.spread(bench.plan.seed, bench.plan.claims, events))
        return _peak_mb(service.pid)


def _peak_mb(pid: int) -> float:
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(encoding="utf-8"))
    if found is None:
        raise LoadFailedError("this system does not tell how much memory a process had")
    return int(found[1]) / 1024


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

"""Ledgers that are large before they are measured: each is imported once in a run, whoever measures it."""

import re
from pathlib import Path

from benchmarks import stories
from benchmarks.ledgers import fill
from benchmarks.load import LoadFailedError
from benchmarks.plan import Bench, Grown
from benchmarks.servers import running_service

EVENTS_A_CLAIM = 10


def grow(bench: Bench, events: int) -> Grown:
    """Return a ledger of so many events, ten a claim, in no order of its claims."""
    if events not in bench.grown:
        bench.tell(f"filling a ledger of {events:,} events")
        folder = bench.folder / f"grown-{events}"
        lines = stories.spread(bench.plan.seed, events // EVENTS_A_CLAIM, events)
        with running_service(folder) as service:
            fill(service, folder / "import.ndjson", lines)
            bench.grown[events] = Grown(folder, _peak_mb(service.pid))
    return bench.grown[events]


def _peak_mb(pid: int) -> float:
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(encoding="utf-8"))
    if found is None:
        raise LoadFailedError("this system does not tell how much memory a process had")
    return int(found[1]) / 1024

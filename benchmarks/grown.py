"""Ledgers that are large before they are measured: each is imported once, whoever measures it."""

import re
from pathlib import Path
from typing import NamedTuple

from benchmarks import stories
from benchmarks.ledgers import fill
from benchmarks.load import LoadFailedError
from benchmarks.plan import Bench
from benchmarks.servers import running_service

EVENTS_A_CLAIM = 10


class Grown(NamedTuple):
    """A ledger that was imported: its data directory, and the most memory that the service had meanwhile, in MB.

    Nobody posts to it: it is the same for all.
    """

    folder: Path
    peak_mb: float


def grow(bench: Bench, events: int) -> Grown:
    """Return a ledger of so many events, ten a claim, in no order of its claims."""
    folder = (bench.ledgers or bench.folder) / f"grown-{bench.plan.seed}-{events}"
    noted = folder.with_suffix(".peak_mb")
    if not noted.exists():
        bench.tell(f"filling a ledger of {events:,} events")
        lines = stories.spread(bench.plan.seed, events // EVENTS_A_CLAIM, events)
        with running_service(folder) as service:
            fill(service, folder / "import.ndjson", lines)
            noted.write_text(f"{_peak_mb(service.pid)}\n")
    return Grown(folder, float(noted.read_text()))


def _peak_mb(pid: int) -> float:
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(encoding="utf-8"))
    if found is None:
        raise LoadFailedError("this system does not tell how much memory a process had")
    return int(found[1]) / 1024

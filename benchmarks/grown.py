"""Ledgers that are large before they are measured: each is imported once, whoever measures it."""

import shutil
from pathlib import Path
from typing import NamedTuple

from benchmarks import stories
from benchmarks.ledgers import fill
from benchmarks.memory import peak_memory_mb
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
        shutil.rmtree(folder, ignore_errors=True)  # half of one, where a run was cut off
        lines = stories.spread(bench.plan.seed, events // EVENTS_A_CLAIM, events)
        with running_service(folder) as service:
            fill(service, folder / "import.ndjson", lines)
            noted.write_text(f"{peak_memory_mb(service.pid)}\n")
    return Grown(folder, float(noted.read_text()))

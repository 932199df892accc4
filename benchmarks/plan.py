"""How much is measured: rounds, seconds and sizes, and what a measurement needs to run."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.load import Driver

ROOT = Path(__file__).resolve().parent.parent
CONNECTIONS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Sizes of a run; the seed fixes every event.

    `post_s` is how long a round of W1 and W2 is, `load_s` that of all others.
    """

    rounds: int
    post_s: int
    load_s: int
    claims: int
    import_lines: int
    rebuilt_events: int
    growth_events: Sequence[int]
    growth_versions: Sequence[int]
    growth_s: int
    warm_up_s: int = 1
    seed: int = 20_241_004


FULL = Plan(
    rounds=5,
    post_s=30,
    load_s=6,
    claims=100_000,
    import_lines=50_000,
    rebuilt_events=100_000,
    growth_events=(10_000, 100_000, 1_000_000),
    growth_versions=(10, 100, 1_000, 10_000, 100_000),
    growth_s=3,
)
QUICK = Plan(
    rounds=5,
    post_s=5,
    load_s=5,
    claims=5_000,
    import_lines=10_000,
    rebuilt_events=50_000,
    growth_events=(5_000, 50_000),
    growth_versions=(10, 100, 1_000),
    growth_s=2,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What every measurement gets: the plan, the driver, a folder on a real disk, and whom to tell."""

    plan: Plan
    driver: Driver
    folder: Path
    tell: Callable[[str], None]
    only: frozenset[str] = frozenset()
    ledgers: Path | None = None
    """Where large ledgers are kept for the next run; None where they go with the other folders."""

    @property
    def cores(self) -> int:
        """How many processors may be used."""
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

    def wants(self, *row_ids: str) -> bool:
        """Return whether any of these rows is asked for, by its id or by what stands before the dash in it."""
        return not self.only or any(not self.only.isdisjoint((each, each.partition("-")[0])) for each in row_ids)

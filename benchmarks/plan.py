"""How much is measured: rounds, seconds and sizes, and what a measurement needs to run."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.load import Driver

ROOT = Path(__file__).resolve().parent.parent
CONNECTIONS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Sizes of a run; the seed fixes every event."""

    rounds: int
    post_s: int
    read_s: int
    claims: int
    import_lines: int
    warm_up_s: int = 1
    seed: int = 20_241_004


FULL = Plan(rounds=5, post_s=30, read_s=10, claims=100_000, import_lines=50_000)
QUICK = Plan(rounds=5, post_s=5, read_s=5, claims=5_000, import_lines=10_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What every measurement gets: the plan, the driver, a folder on a real disk, and whom to tell."""

    plan: Plan
    driver: Driver
    folder: Path
    tell: Callable[[str], None]
    only: frozenset[str] = frozenset()

    def wants(self, *row_ids: str) -> bool:
        """Return whether any of these rows is asked for."""
        return not self.only or not self.only.isdisjoint(row_ids)

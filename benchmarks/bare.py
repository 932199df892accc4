"""C-db: what the bare driver does with the same bytes, in batches and one at a time, as durably as the ledger."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter

BATCH = 1_000


def insert_in_batches(folder: Path, lines: Sequence[bytes]) -> float:
    """Return how many rows a second go in, 1,000 a transaction."""
    with _database(folder / "batches.db") as connection:
        start = perf_counter()
        for first in range(0, len(lines), BATCH):
            connection.execute("BEGIN IMMEDIATE")
            rows = [(line,) for line in lines[first : first + BATCH]]
            connection.executemany("INSERT INTO events (state) VALUES (?)", rows)
            connection.execute("COMMIT")
        return len(lines) / (perf_counter() - start)


def commit_single_rows_us(folder: Path, lines: Sequence[bytes], seconds: float) -> float:
    """Return the median of how long one row takes in a transaction of its own, in microseconds."""
    took: list[float] = []
    with _database(folder / "singles.db") as connection:
        start = perf_counter()
        while perf_counter() - start < seconds:
            before = perf_counter()
            connection.execute("INSERT INTO events (state) VALUES (?)", (lines[len(took) % len(lines)],))
            took.append(perf_counter() - before)
    return median(took) * 1e6


@contextmanager
def _database(path: Path) -> Iterator[sqlite3.Connection]:
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("CREATE TABLE events (position INTEGER PRIMARY KEY, state BLOB NOT NULL) STRICT")
        yield connection

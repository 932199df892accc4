"""Keeps SQLite's write-ahead logs short: by itself one grows for as long as readers never all pause at once."""

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

LIMIT_BYTES = 64 * 1024 * 1024
_WAIT_S = 0.5
_PAUSE_S = 5.0
_PAGES_NOBODY_NEEDS_LONG = 4_000


class WriteAheadLog:
    """The write-ahead log of one database. Whoever reads it longest shortens it, between two reads: the follower."""

    def __init__(
        self, database: Path, limit_bytes: int = LIMIT_BYTES, elapsed_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = database
        self._path = database.with_name(f"{database.name}-wal")
        self._limit_bytes = limit_bytes
        self._elapsed_s = elapsed_s
        self._not_before_s = 0.0

    def shorten(self) -> None:
        """Write all into the database and empty the log, where it is long. Not within a transaction.

        Where a reader stays, a backup perhaps, nobody waits for it: it is tried again five seconds later.
        """
        if self._elapsed_s() < self._not_before_s or self.size_bytes() <= self._limit_bytes:
            return
        if not self.empty():
            self._not_before_s = self._elapsed_s() + _PAUSE_S

    def empty(self, wait_s: float = _WAIT_S) -> bool:
        """Write all into the database and empty the log; return whether nothing is left in it.

        Writers wait meanwhile, for as long as a reader is in the way and `wait_s` at most.
        """
        # What a full disk or a broken one would say here, the next commit says to those whom it concerns.
        with (
            suppress(sqlite3.OperationalError),
            closing(sqlite3.connect(self._database, timeout=wait_s)) as connection,
        ):
            (_, pages, done) = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            if pages - done > _PAGES_NOBODY_NEEDS_LONG:
                return False  # emptying it would keep writers waiting for the reader of these, and in vain
            (is_busy, _, _) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            return not is_busy
        return False

    def size_bytes(self) -> int:
        """Return how long the log is, 0 where there is none."""
        try:
            return self._path.stat().st_size
        except FileNotFoundError:
            return 0

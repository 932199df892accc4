"""The files of the read models, of which one is current: a rebuild makes the next one beside it.

Which one that is stands in a file of its own, replaced in one go: a database can not be renamed while
others have it open, for its write-ahead log would stay behind under the old name.
"""

import os
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

from projections.tracking import read_position
from service.store.sqlite_wal import WriteAheadLog
from service.store.views import is_fit, open_views, prepare_views

_FIRST = "views.db"
_NAME = re.compile(r"views(?:-([0-9]{1,9}))?\.db")
_POINTER = "views.current"
_LOCK = "views.rebuilding"
_WAIT_S = 0.1
# Claim by claim no page is come back to; and sorting an index takes as much memory again.
_CACHE_KIB = 4 * 1024


class RebuildUnderWayError(Exception):
    """Somebody else is building the next read models."""


class Generations:
    """The read models' files in a data directory, and the ledger that they are made from."""

    def __init__(self, data_dir: Path, ledger: Path) -> None:
        self._data_dir = data_dir
        self._ledger = ledger

    def logs(self, path: Path, limit_bytes: int) -> list[WriteAheadLog]:
        """Return the write-ahead logs of one of the files and of the ledger."""
        return [WriteAheadLog(database, limit_bytes) for database in (path, self._ledger)]

    def current(self) -> Path:
        """Return the file that readers read."""
        try:
            name = (self._data_dir / _POINTER).read_text().strip()
        except FileNotFoundError:
            name = _FIRST
        return self._data_dir / (name if _NAME.fullmatch(name) else _FIRST)

    def next(self) -> Path:
        """Return the file that a rebuild makes."""
        return self._data_dir / f"views-{_number(self.current().name) + 1}.db"

    def open(self, path: Path, *, read_only: bool = False) -> sqlite3.Connection:
        """Return a connection to one of the files, which sees the ledger too."""
        return open_views(path, self._ledger, read_only=read_only)

    def empty_logs(self, path: Path) -> bool:
        """Empty the write-ahead logs of a file and of the ledger; False while somebody reads an older state."""
        return all(written_ahead.empty(_WAIT_S) for written_ahead in self.logs(path, 0))

    def reader(self, path: Path) -> Callable[[], sqlite3.Connection]:
        """Return what opens one of the files to read only."""
        return partial(self.open, path, read_only=True)

    def is_fit(self, path: Path) -> bool:
        """Tell whether a file is of this program's tables and of this ledger."""
        return is_fit(path, self._ledger)

    def prepare(self, path: Path) -> None:
        """Leave a file that fits, an empty one where it did not."""
        prepare_views(path, self._ledger)

    def publish(self, path: Path) -> None:
        """Make a file the current one. Who has the other one open changes over when it next looks."""
        pointer = self._data_dir / _POINTER
        following = pointer.with_suffix(".next")
        with following.open("w") as file:
            file.write(f"{path.name}\n")
            file.flush()
            # A pointer that names nothing after a power cut would have all read models made anew.
            os.fsync(file.fileno())
        following.replace(pointer)

    def remove_others(self, followed: Path) -> None:
        """Remove what nobody opens any more: all but what is followed, current, or next, which may be half made."""
        self._remove_all_but({followed.name, self.current().name, self.next().name})

    def remove_unfollowed(self, followed: Path) -> bool:
        """Remove every file but the one that is followed; False while another one is being built, or is current.

        What another release has made ready goes too: nobody would take out of it what was erased.
        """
        try:
            with self.rebuilding():
                if self.current() != followed and self.is_fit(self.current()):
                    return False
                self._remove_all_but({followed.name})
        except RebuildUnderWayError:
            return False
        return True

    def remove_foreign(self) -> None:
        """Remove what was made from another ledger, before an empty one is filled: all that has come past 0."""
        for path in self._data_dir.glob("views*.db"):
            if _NAME.fullmatch(path.name) and not self._is_empty(path):
                _remove(path)

    @contextmanager
    def rebuilding(self) -> Iterator[None]:
        """Keep others from building the next file; who is killed lets go. Raises RebuildUnderWayError."""
        lock = sqlite3.connect(self._data_dir / _LOCK, isolation_level=None, timeout=0, check_same_thread=False)
        with closing(lock):
            try:
                lock.execute("BEGIN EXCLUSIVE")
            except sqlite3.OperationalError as error:
                raise RebuildUnderWayError("another rebuild is under way") from error
            yield

    @contextmanager
    def build_next(self) -> Iterator[sqlite3.Connection]:
        """Lend the next read models, which become the current ones when they are left without an error."""
        with self.rebuilding():
            path = self.next()
            self.prepare(path)
            with closing(self.open(path)) as connection:
                connection.execute(f"PRAGMA main.cache_size = -{_CACHE_KIB}")
                yield connection
                connection.execute("PRAGMA main.wal_checkpoint(TRUNCATE)")
            self.publish(path)

    def discard_next(self) -> None:
        """Remove the next read models, which nobody will complete. Raises RebuildUnderWayError."""
        with self.rebuilding():
            _remove(self.next())

    def _remove_all_but(self, kept: set[str]) -> None:
        for path in self._data_dir.glob("views*.db*"):
            name = path.name.removesuffix("-wal").removesuffix("-shm")
            if _NAME.fullmatch(name) and name not in kept:
                path.unlink(missing_ok=True)

    def _is_empty(self, path: Path) -> bool:
        try:
            with closing(self.open(path, read_only=True)) as connection:
                return read_position(connection) == 0
        except sqlite3.DatabaseError:
            return False


def _remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _number(name: str) -> int:
    match = _NAME.fullmatch(name)
    return int(match[1]) if match and match[1] else 1

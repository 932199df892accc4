"""What an audit puts aside on disk, to find it again claim by claim: memory does not grow with the ledger."""

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import BinaryIO, NamedTuple

from domain.events import Event, Tombstone
from service.audit.records import Logged, Record, read_content

_ROWS_AT_ONCE = 1000
_TABLES = """
    PRAGMA journal_mode = OFF;
    PRAGMA synchronous = OFF;
    PRAGMA temp_store = FILE;
    PRAGMA cache_size = -16384;
    CREATE TABLE records (claim_id TEXT NOT NULL, version INTEGER NOT NULL, position INTEGER NOT NULL,
      digest BLOB NOT NULL, start INTEGER NOT NULL, length INTEGER NOT NULL, is_erased INTEGER NOT NULL,
      recorded_at TEXT NOT NULL, own_digest BLOB) STRICT;
    CREATE TABLE hidden (digest BLOB NOT NULL, position INTEGER NOT NULL) STRICT;
    CREATE TABLE items (claim_id TEXT NOT NULL, item BLOB NOT NULL) STRICT;
    CREATE TABLE checkpoints (size INTEGER NOT NULL, root BLOB NOT NULL, place TEXT NOT NULL) STRICT;
"""


class Spooled(NamedTuple):
    """A record that was put aside: its content can be read again.

    `digest` is the log's of its event, `own_digest` the record's where that is another.
    """

    version: int
    position: int
    digest: bytes
    start: int
    length: int
    is_erased: bool
    recorded_at: str
    own_digest: bytes | None

    @property
    def logged(self) -> Logged:
        """Where the record belongs."""
        digest = self.digest.hex()
        own_digest = digest if self.own_digest is None else self.own_digest.hex()
        return Logged(self.position, self.version, self.recorded_at, (digest, own_digest))


class Placed(NamedTuple):
    """A checkpoint that the tree must have gone through, and where it was found."""

    size: int
    root: bytes
    where: str


class Spool:
    """Lines in a file, their places in a database. Both vanish with it."""

    def __init__(self, file: BinaryIO, connection: sqlite3.Connection) -> None:
        self._file = file
        self._connection = connection
        self._end = 0
        self._records: list[tuple[str | int | bytes | None, ...]] = []
        self._hidden: list[tuple[bytes, int]] = []

    def add_record(self, record: Record, digest: str) -> None:
        """Put a record aside, of whose event the log has this digest."""
        content, is_erased = record.content, record.state is None
        self._file.write(content)
        own_digest = None if record.event_sha256 == digest else bytes.fromhex(record.event_sha256)
        place = (record.claim_id, record.version, record.position, bytes.fromhex(digest))
        self._records.append((*place, self._end, len(content), is_erased, record.recorded_at, own_digest))
        self._end += len(content)
        if len(self._records) >= _ROWS_AT_ONCE:
            self._write()

    def add_hidden(self, position: int, digest: str) -> None:
        """Note an event that cannot be read, and its digest in the log."""
        self._hidden.append((bytes.fromhex(digest), position))
        if len(self._hidden) >= _ROWS_AT_ONCE:
            self._write()

    def add_items(self, items: Iterable[tuple[str, bytes]]) -> None:
        """Put aside claims as the service shows them."""
        self._connection.executemany("INSERT INTO items VALUES (?, ?)", items)

    def add_checkpoint(self, checkpoint: Placed) -> None:
        """Put a checkpoint aside, until the tree has come to its size."""
        self._connection.execute("INSERT INTO checkpoints VALUES (?, ?, ?)", checkpoint)

    def checkpoints(self) -> Iterator[Placed]:
        """Yield the checkpoints by their sizes."""
        rows = self._connection.execute("SELECT size, root, place FROM checkpoints ORDER BY size, rowid")
        return (Placed(*row) for row in rows)

    def finish_records(self) -> int:
        """Make what was added ready to be read, and return how many claims there are."""
        self._write()
        self._file.flush()
        self._connection.execute("CREATE INDEX hidden_by_digest ON hidden (digest)")
        self._connection.execute("CREATE INDEX records_by_claim ON records (claim_id, version, position)")
        (count,) = self._connection.execute("SELECT COUNT(DISTINCT claim_id) FROM records").fetchone()
        return int(count)

    def is_hidden(self, digest: str, before: int) -> bool:
        """Tell whether an event before this position that cannot be read has this digest in the log."""
        found = self._connection.execute(
            "SELECT 1 FROM hidden WHERE digest = ? AND position < ? LIMIT 1", (bytes.fromhex(digest), before)
        )
        return found.fetchone() is not None

    def claims(self) -> Iterator[tuple[str, Iterator[Spooled]]]:
        """Yield each claim's records in the order of their versions."""
        rows = self._connection.execute(
            """
            SELECT claim_id, version, position, digest, start, length, is_erased, recorded_at, own_digest
            FROM records
            ORDER BY claim_id, version, position
            """
        )
        for claim_id, group in groupby(rows, key=lambda row: row[0]):
            yield claim_id, (Spooled(*row[1:]) for row in group)

    def items(self) -> Iterator[tuple[str, bytes]]:
        """Yield the claims as the service shows them, in the order of `claims`."""
        rows = self._connection.execute("SELECT claim_id, item FROM items ORDER BY claim_id, rowid")
        return iter(rows)

    def read(self, spooled: Spooled) -> Event | Tombstone:
        """Return the event of a record. Raises ValueError."""
        content = os.pread(self._file.fileno(), spooled.length, spooled.start)
        return read_content(content, is_erased=bool(spooled.is_erased))

    def _write(self) -> None:
        self._connection.executemany("INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", self._records)
        self._connection.executemany("INSERT INTO hidden VALUES (?, ?)", self._hidden)
        self._records.clear()
        self._hidden.clear()


@contextmanager
def open_spool() -> Iterator[Spool]:
    """Yield an empty spool, in the folder for temporary files (`TMPDIR` says which)."""
    with (
        TemporaryDirectory(prefix="onrecord-audit-") as folder,
        TemporaryFile(dir=folder) as file,
        closing(sqlite3.connect(Path(folder) / "index.db", isolation_level=None)) as connection,
    ):
        connection.executescript(_TABLES)
        connection.execute("BEGIN")
        yield Spool(file, connection)

"""A ledger of as many events as a test wants, told by their digests and times alone, and a log beside it."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from functools import cache
from hashlib import sha256

from projections.log import log
from tests.projections.engines import unguard
from tests.projections.ledger import connect

MANY = 70_000
"""More than 256 tiles of 256, and not by a round number."""
BEGINNING_US = 1_728_043_200_000_000


def events(count: int, first: int = 1) -> Iterator[tuple[int, bytes, int]]:
    """Yield the position, digest and time of events, two of each at the same time."""
    for position in range(first, first + count):
        yield position, sha256(b"event %d" % position).digest(), BEGINNING_US + position // 2 * 1_234_567


@cache
def many() -> list[bytes]:
    """Return the entries of as many of these events."""
    return [log.encode_entry(digest, recorded_us) for _, digest, recorded_us in events(MANY)]


def record(connection: sqlite3.Connection, rows: Iterable[tuple[int, bytes, int]]) -> None:
    """Put events into the ledger, erased ones: of those nothing is there but what the log needs."""
    connection.executemany(
        "INSERT INTO ledger.stored_events VALUES (?, 'claim', ?, 'ClaimReported', NULL, ?, ?, ?, '{}')",
        [(position, position, digest[:16], digest, recorded_us) for position, digest, recorded_us in rows],
    )


def begin(count: int) -> closing[sqlite3.Connection]:
    """Return a ledger of some events that nothing guards, whose log is empty."""
    connection = connect()
    unguard(connection)
    connection.execute("BEGIN IMMEDIATE")
    record(connection, events(count))
    connection.execute("COMMIT")
    return closing(connection)


def tiles(connection: sqlite3.Connection) -> list[tuple[int, int, bytes]]:
    """Return the tables of the log."""
    return connection.execute("SELECT * FROM log_tiles ORDER BY level, tile").fetchall()

"""Has what was erased leave the files of SQLite, where it may stand in pages that no row uses any more."""

import sqlite3
from contextlib import closing
from pathlib import Path

# While somebody reads an older state writers wait as long as this; then they get their turn, and it is tried again.
_BUSY_S = 0.1


def compact(connection: sqlite3.Connection) -> None:
    """Write the main database of a connection anew, with nothing in it but its rows.

    `secure_delete` overwrites a row that goes. But rows of changing length move from page to page, and the
    copies that they leave behind belong to nobody.
    """
    connection.execute("VACUUM main")


def truncate_log(path: Path) -> bool:
    """Empty the write-ahead log of a database, which has its old pages.

    False while somebody reads a state from before.
    """
    with closing(sqlite3.connect(path, isolation_level=None, timeout=_BUSY_S)) as connection:
        connection.execute("PRAGMA synchronous = FULL")
        (is_busy, _, _) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not is_busy

"""The read models' own SQLite file: it can be rebuilt, so nobody waits for the disk to write it."""

import sqlite3
from contextlib import closing
from pathlib import Path

from projections.follower import create_tables, schema_fingerprint
from projections.ledger import last_erasure
from projections.tracking import note_scrubbed, read_position

_SUFFIXES = ("", "-wal", "-shm")
_CACHE_KIB = 16 * 1024
_CHECKPOINT_PAGES = 8192


def prepare_views(path: Path, ledger: Path) -> None:
    """Leave a views file that fits this program and this ledger, an empty one where the old one does not."""
    if is_fit(path, ledger):
        return
    for suffix in _SUFFIXES:
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    with closing(open_views(path, ledger)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        create_tables(connection)
        # What was erased before now will not be read from the ledger any more.
        note_scrubbed(connection, last_erasure(connection))
        connection.execute(f"PRAGMA user_version = {schema_fingerprint()}")
        connection.execute("COMMIT")


def open_views(path: Path, ledger: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """Return a connection to the read models that sees the ledger's tables as `ledger`, to read only."""
    uri = f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rwc'}"
    connection = sqlite3.connect(
        uri, uri=True, isolation_level=None, check_same_thread=False, cached_statements=256, timeout=30
    )
    try:
        connection.execute("ATTACH DATABASE ? AS ledger", (f"{ledger.absolute().as_uri()}?mode=ro",))
        if not read_only:
            connection.execute("PRAGMA main.journal_mode = WAL")
            connection.execute("PRAGMA main.synchronous = NORMAL")
            connection.execute("PRAGMA main.secure_delete = ON")
            # Each event changes rows all over the file: a page is written once for many of them.
            connection.execute(f"PRAGMA main.cache_size = -{_CACHE_KIB}")
            connection.execute(f"PRAGMA main.wal_autocheckpoint = {_CHECKPOINT_PAGES}")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def is_fit(path: Path, ledger: Path) -> bool:
    """Tell whether a views file is of this program's tables and of this ledger.

    Raises sqlite3.OperationalError where it can not be looked into now: what is thought not to fit is removed.
    """
    if not path.exists():
        return False
    try:
        with closing(open_views(path, ledger, read_only=True)) as connection:
            (fingerprint,) = connection.execute("PRAGMA main.user_version").fetchone()
            if fingerprint != schema_fingerprint():
                return False
            (head,) = connection.execute("SELECT COALESCE(MAX(position), 0) FROM ledger.stored_events").fetchone()
            # Ahead of the ledger are the views of another one: of the ledger before a backup was restored.
            return read_position(connection) <= int(head)
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_CANTOPEN:
            raise  # no file descriptor is left, say: that tells nothing of the file
        return False  # half made when the machine stopped, or damaged: made again from the ledger


def compact(connection: sqlite3.Connection) -> None:
    """Write the read models of a connection anew, with nothing in the file but their rows. Not within a transaction.

    `secure_delete` overwrites a row that goes. But rows of changing length move from page to page, and the
    copies that they leave behind belong to nobody.
    """
    connection.execute("VACUUM main")

"""Ledgers and archives of them, made and compared; the golden ledger of the first schema."""

import shutil
import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from projections.follower import Follower
from service.archive.backup import backup
from service.archive.format import Manifest
from service.archive.restore import read_manifest, restore
from service.store.generations import Generations
from service.store.sqlite import prepare_ledger
from service.store.sqlite_whole import open_empty, open_snapshot
from tests.projections.ledger import Rows, all_rows
from tests.service.desk import NOON_US

GOLDEN = Path(__file__).parents[1] / "data" / "ledgers" / "schema-1"
"""A ledger of schema 1: all eleven types, one event erased, two keys; the same as an archive of format 1."""

TABLES = ("stored_events", "keys", "logs", "checkpoints", "cosignatures", "witnesses")
EMPTY: dict[str, list[tuple[Any, ...]]] = {table: [] for table in TABLES}

AUDITOR_KEY = "onrecord_the-auditor-of-the-first-schema"
GOLDEN_EVENTS = 16


def golden_ledger(data_dir: Path) -> Path:
    """Return the file of a ledger as a release of schema 1 has left it."""
    data_dir.mkdir()
    with closing(sqlite3.connect(data_dir / "ledger.db")) as connection:
        connection.executescript((GOLDEN / "ledger.sql").read_text())
    return data_dir / "ledger.db"


def golden_archive(folder: Path) -> Path:
    """Return a copy of the golden archive, to be damaged."""
    return Path(shutil.copytree(GOLDEN / "archive", folder))


def make_archive(ledger: Path, folder: Path) -> Manifest:
    return backup(partial(open_snapshot, ledger), folder, NOON_US, lambda *_: None)


def restore_archive(folder: Path, data_dir: Path) -> Path:
    """Return the file of the ledger that an archive was restored into."""
    ledger = prepare_ledger(data_dir)
    restore(partial(open_empty, ledger), folder, read_manifest(folder), lambda *_: None)
    return ledger


def contents(ledger: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of a ledger."""
    with closing(sqlite3.connect(ledger)) as connection:
        return {table: connection.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall() for table in TABLES}


def tampered(ledger: Path, statement: str) -> Path:
    """Change a ledger behind the back of its guards, and return it."""
    with closing(sqlite3.connect(ledger, isolation_level=None)) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(statement)
    return ledger


def views_rows(generations: Generations, path: Path) -> Rows:
    """Return every row of the read models in a file."""
    with closing(generations.open(path, read_only=True)) as connection:
        return all_rows(connection)


def followed(generations: Generations, path: Path) -> Path:
    """Return a file of read models that has followed the ledger to its end, made where it is missing."""
    generations.prepare(path)
    with closing(generations.open(path)) as connection:
        follower, position = Follower(connection), -1
        while (reached := follower.step()) != position:
            position = reached
    return path

"""Numbered SQL files, one folder an engine; each is applied once, in a transaction of its own."""

import sqlite3
from collections.abc import Iterator
from importlib.resources import files


class SchemaTooNewError(Exception):
    """The database was made by a newer release than this one."""


class SchemaTooOldError(Exception):
    """The database lacks what this release needs, and may not be changed without being asked."""


def migrate_sqlite(connection: sqlite3.Connection) -> tuple[int, int]:
    """Bring the ledger's schema up to date, on a connection in autocommit mode; return its version before and after.

    Raises SchemaTooNewError where its number is higher than this program knows.
    """
    scripts = read_scripts("sqlite")
    before = _schema_version(connection)
    while (version := _schema_version(connection)) < len(scripts):
        connection.execute("BEGIN IMMEDIATE")
        # Another process may have been first: what holds is read again under the lock.
        if _schema_version(connection) == version:
            for statement in _statements(scripts[version]):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {version + 1}")
        connection.execute("COMMIT")
    refuse_newer(version, len(scripts))
    return before, version


def check_sqlite(connection: sqlite3.Connection) -> int:
    """Return the ledger's schema version, which is this program's. Raises SchemaTooNewError, SchemaTooOldError."""
    return refuse_other(_schema_version(connection), len(read_scripts("sqlite")))


def read_scripts(engine: str) -> list[str]:
    """Return the migrations of an engine, in their order: as many as there are is the newest version."""
    folder = files(__name__) / engine
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return [(folder / name).read_text() for name in names]


def refuse_other(version: int, known: int) -> int:
    """Return the schema version that this program knows. Raises SchemaTooNewError, SchemaTooOldError."""
    refuse_newer(version, known)
    if version < known:
        raise SchemaTooOldError(f"the database has schema {version}, this release needs {known}: run onrecord migrate")
    return version


def refuse_newer(version: int, known: int) -> None:
    """Raise SchemaTooNewError where a database was made by a newer release."""
    if version > known:
        raise SchemaTooNewError(f"the database has schema {version}, this release knows {known}: upgrade it")


def _schema_version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def _statements(script: str) -> Iterator[str]:
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""

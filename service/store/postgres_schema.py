"""The ledger's schema on PostgreSQL: made and kept up to date, a migration a transaction, one process at a time."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg
from psycopg.rows import TupleRow

from service.store.migrations import read_scripts, refuse_newer, refuse_other
from service.store.postgres_connections import CONNECT
from service.store.records import StoreUnavailableError

_OLDEST = 15
# Any number will do that nobody else uses in this database: the first eight letters of the product's name.
_LOCK = int.from_bytes(b"onrecord")
_READ_VERSION = "SELECT version FROM ledger.schema_version"
Connection = psycopg.Connection[TupleRow]


def prepare_ledger(url: str, *, migrate: bool = True) -> str:
    """Bring the schema of a database up to date, and return the database's address.

    Raises StoreUnavailableError, SchemaTooNewError; SchemaTooOldError where it may not be migrated.
    """
    with connected(url) as connection:
        if migrate:
            _migrate(connection)
        else:
            check_schema(connection)
    return url


def migrate_ledger(url: str) -> tuple[int, int]:
    """Bring a schema up to date, and return its version before and after.

    Raises StoreUnavailableError, SchemaTooNewError.
    """
    with connected(url) as connection:
        return _migrate(connection)


def check_schema(connection: Connection) -> int:
    """Return the schema's version, which is this program's. Raises SchemaTooNewError, SchemaTooOldError."""
    return refuse_other(_schema_version(connection), len(read_scripts("postgres")))


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    """Yield a connection in autocommit mode; what is not committed when it is left is undone.

    Raises StoreUnavailableError for whatever the database refuses or fails to do.
    """
    try:
        with closing(psycopg.connect(url, **CONNECT)) as connection:
            _refuse_unfit(connection)
            yield connection
    except psycopg.Error as error:
        line = str(error).strip().partition("\n")[0]
        raise StoreUnavailableError(f"the database can not be read or written: {line}") from error


def _refuse_unfit(connection: Connection) -> None:
    release, encoding = connection.info.server_version // 10_000, connection.info.parameter_status("server_encoding")
    if release < _OLDEST:
        raise StoreUnavailableError(f"the database is PostgreSQL {release}: it has to be {_OLDEST} or newer")
    if encoding != "UTF8":
        raise StoreUnavailableError(f"the database's encoding is {encoding}: it has to be UTF8")


def _migrate(connection: Connection) -> tuple[int, int]:
    scripts = read_scripts("postgres")
    before = _schema_version(connection)
    while (version := _schema_version(connection)) < len(scripts):
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
            # Another process may have been first: what holds is read again under the lock.
            if _schema_version(connection) == version:
                _apply(connection, scripts[version], version + 1)
    refuse_newer(version, len(scripts))
    return before, version


def _apply(connection: Connection, script: str, version: int) -> None:
    if version == 1:
        connection.execute("CREATE SCHEMA ledger")
        connection.execute("CREATE TABLE ledger.schema_version (version bigint NOT NULL)")
        connection.execute("INSERT INTO ledger.schema_version VALUES (0)")
    connection.execute(script.encode())
    connection.execute("UPDATE ledger.schema_version SET version = %s", (version,))


def _schema_version(connection: Connection) -> int:
    # Not to_regclass: it may remember that there was none, while we waited for whoever has made it.
    found = connection.execute("SELECT FROM pg_tables WHERE schemaname = 'ledger' AND tablename = 'schema_version'")
    if found.fetchone() is None:
        return 0
    row = connection.execute(_READ_VERSION).fetchone()
    return int(row[0]) if row else 0

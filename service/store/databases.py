"""The ledger's database, whichever engine keeps it: made, opened, read whole and filled."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from projections.database import Connection
from service.store import postgres, postgres_schema, postgres_whole, sqlite, sqlite_whole
from service.store.postgres_connections import LedgerDatastore
from service.store.whole import EmptyLedger, Snapshot

LedgerApplication = sqlite.LedgerApplication | postgres.LedgerApplication


class LedgerDatabase(Protocol):
    """Where one ledger is kept. What it opens raises StoreUnavailableError where the database is away."""

    def prepare(self, *, migrate: bool = True) -> None:
        """Make the ledger where it is missing, and bring its schema up to date.

        Raises StoreUnavailableError, SchemaTooNewError; SchemaTooOldError where it may not be migrated.
        """

    def migrate(self) -> tuple[int, int]:
        """Bring the schema up to date, and return its version before and after."""

    def open(self) -> LedgerApplication:
        """Return the eventsourcing application of the prepared ledger."""

    def tables(self) -> AbstractContextManager[Connection]:
        """Open the ledger's own tables; what was written is durable when they are left."""

    def snapshot(self) -> AbstractContextManager[Snapshot]:
        """Open a ledger to read all of it as it is now."""

    def empty(self) -> AbstractContextManager[EmptyLedger]:
        """Open a prepared ledger that has nothing in it, to fill it. Raises NotEmptyError."""

    def head(self) -> int:
        """Return the last position, 0 of an empty ledger."""

    def close(self) -> None:
        """Close what is kept open between two uses."""


class SqliteLedger:
    """A ledger in a folder."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.path = data_dir / "ledger.db"

    def __str__(self) -> str:
        return str(self.data_dir)

    def prepare(self, *, migrate: bool = True) -> None:
        """Make folder and file where they are missing, the schema up to date."""
        sqlite.prepare_ledger(self.data_dir, migrate=migrate)

    def migrate(self) -> tuple[int, int]:
        """Bring the schema up to date, and return its version before and after."""
        return sqlite.migrate_ledger(self.data_dir)

    def open(self) -> sqlite.LedgerApplication:
        """Return the eventsourcing application of the prepared ledger."""
        return sqlite.LedgerApplication(self.path)

    def tables(self) -> AbstractContextManager[Connection]:
        """Open the ledger's own tables; each statement that writes is durable at once."""
        return sqlite.open_tables(self.path)

    def snapshot(self) -> AbstractContextManager[Snapshot]:
        """Open the ledger to read all of it as it is now."""
        return sqlite_whole.open_snapshot(self.path)

    def empty(self) -> AbstractContextManager[EmptyLedger]:
        """Open the empty ledger to fill it."""
        return sqlite_whole.open_empty(self.path)

    def head(self) -> int:
        """Return the last position, 0 of an empty ledger."""
        return sqlite_whole.read_head(self.path)

    def close(self) -> None:
        """Do nothing: what was opened is closed by who has opened it."""


class PostgresLedger:
    """A ledger in a database of its own."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._datastore: LedgerDatastore | None = None

    def __str__(self) -> str:
        return "the database"  # its address may hold a password

    def prepare(self, *, migrate: bool = True) -> None:
        """Make the schema where it is missing, and bring it up to date."""
        postgres_schema.prepare_ledger(self.url, migrate=migrate)

    def migrate(self) -> tuple[int, int]:
        """Bring the schema up to date, and return its version before and after."""
        return postgres_schema.migrate_ledger(self.url)

    def open(self) -> postgres.LedgerApplication:
        """Return the eventsourcing application of the prepared ledger."""
        return postgres.LedgerApplication(self.url)

    def tables(self) -> AbstractContextManager[Connection]:
        """Open the ledger's own tables, in one transaction."""
        if self._datastore is None:
            # Apart from the writer's: who looks a key up does not wait for a database that is away.
            self._datastore = LedgerDatastore(self.url, size=2, patience_s=0.3)
        return postgres.open_tables(self._datastore)

    def close(self) -> None:
        """Close what `tables` has opened."""
        if self._datastore is not None:
            self._datastore.close()
            self._datastore = None

    def snapshot(self) -> AbstractContextManager[Snapshot]:
        """Open the ledger to read all of it as it is now."""
        return postgres_whole.open_snapshot(self.url)

    def empty(self) -> AbstractContextManager[EmptyLedger]:
        """Open the empty ledger to fill it."""
        return postgres_whole.open_empty(self.url)

    def head(self) -> int:
        """Return the last position, 0 of an empty ledger."""
        return postgres_whole.read_head(self.url)

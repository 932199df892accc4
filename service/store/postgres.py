"""The store on PostgreSQL: whoever holds the lock on the head row appends, from whichever process or machine."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.persistence import InfrastructureFactory, IntegrityError, Notification, StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresFactory
from eventsourcing.utils import Environment
from psycopg.rows import DictRow

from service.store.mapper import EventMapper, LedgerEvent
from service.store.postgres_batch import SELECT, PostgresBatch, begin, commit
from service.store.postgres_connections import ConstraintError, LedgerDatastore
from service.store.postgres_dialect import PostgresConnection
from service.store.postgres_rows import insert_rows
from service.store.records import BrokenLedgerError

_SELECT_STREAM = f"""
    {SELECT}
    WHERE originator_id = %b AND originator_version > %b AND originator_version <= %b
    ORDER BY originator_version {{direction}}
    LIMIT %b
"""
_SELECT_LEDGER = f"""
    {SELECT}
    WHERE position >= %b AND position <= %b AND (%b OR topic = ANY(%b))
    ORDER BY position
    LIMIT %b
"""
_LAST = 2**63 - 1


class LedgerRecorder(PostgresApplicationRecorder):
    """The library's recorder over our table: explicit positions, and batches that hold the head.

    Its own way to insert locks the whole table, and tries again where nobody knows whether it has committed.
    """

    datastore: LedgerDatastore

    def create_table(self) -> None:
        """Do nothing: the migrations have made the table."""

    @contextmanager
    def batch(self) -> Iterator[PostgresBatch]:
        """Open a transaction; leaving it commits, durably and on the standbys that are waited for.

        Raises StoreUnavailableError where the database is away, or does not say whether it has committed;
        BrokenLedgerError where a guard of the table refuses an event.
        """
        try:
            with self.datastore.lend(begin) as (connection, batch):
                yield batch
                commit(connection)
        except ConstraintError as error:
            raise BrokenLedgerError(str(error)) from error

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int]:  # Any: the library's
        """Insert rows of our own mapper, in a transaction of their own."""
        rows = [row for row in stored_events if isinstance(row, LedgerEvent)]
        if len(rows) != len(stored_events):
            raise TypeError("the ledger takes the rows of its own mapper only")
        try:
            with self.datastore.transaction(commit=True) as cursor:
                insert_rows(cursor, rows)
        except ConstraintError as error:
            raise IntegrityError(str(error)) from error
        return [row.position for row in rows]

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[LedgerEvent]:
        """Return the rows of a claim, whole, as our mapper needs them."""
        sql = _SELECT_STREAM.format(direction="DESC" if desc else "ASC")
        parameters = (str(originator_id), gt or 0, _LAST if lte is None else lte, _LAST if limit is None else limit)
        with self.datastore.cursor() as cursor:
            cursor.execute(sql, parameters, binary=True)
            return [LedgerEvent(**row) for row in cursor.fetchall()]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """Return the events from a position on, in the library's form."""
        first = (start or 0) + (0 if inclusive_of_start else 1)
        parameters = (first, _LAST if stop is None else stop, not topics, list(topics), limit)
        with self.datastore.cursor() as cursor:
            cursor.execute(_SELECT_LEDGER, parameters, binary=True)
            return [_notification(row) for row in cursor.fetchall()]

    def max_notification_id(self) -> int | None:
        """Return the last position, None of an empty ledger."""
        with self.datastore.cursor() as cursor:
            row = cursor.execute("SELECT max(position) AS position FROM ledger.stored_events").fetchone()
        return row["position"] if row else None


class LedgerFactory(PostgresFactory):
    """Makes our recorder over our datastore, whatever the environment holds."""

    def __init__(self, url: str) -> None:
        super().__init__(
            {
                "POSTGRES_DBNAME": "",
                "POSTGRES_HOST": "",
                "POSTGRES_USER": "",
                "POSTGRES_PASSWORD": "",
                "ORIGINATOR_ID_TYPE": "text",
            }
        )
        self.datastore.close()
        self.datastore = LedgerDatastore(url)

    def application_recorder(self) -> LedgerRecorder:
        """Return the recorder of the ledger."""
        return LedgerRecorder(self.datastore)


class LedgerApplication(Application[str]):
    """The eventsourcing application of the ledger: our mapper and recorder, its stores and notification log."""

    name = "onrecord"
    recorder: LedgerRecorder

    def __init__(self, url: str) -> None:
        self._url = url
        super().__init__()

    def construct_factory(self, env: Environment) -> InfrastructureFactory[Any]:  # noqa: ARG002  # ours asks none
        """Return our factory: the library's would fall back to memory where a variable is missing."""
        return LedgerFactory(self._url)

    def construct_mapper(self) -> EventMapper:
        """Return the mapper that stores our canonical bytes."""
        return EventMapper()


@contextmanager
def open_tables(datastore: LedgerDatastore) -> Iterator[PostgresConnection]:
    """Yield a connection to the ledger's tables, in a transaction that is committed when it is left.

    Raises StoreUnavailableError.
    """
    with datastore.lend(lambda _: None) as (connection, _):
        tables = PostgresConnection(lambda: connection)
        tables.execute("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
        tables.execute("SET LOCAL search_path TO ledger")
        yield tables
        tables.flush()
        commit(connection)


def _notification(row: DictRow) -> Notification:
    return Notification(
        id=row["position"],
        originator_id=row["originator_id"],
        originator_version=row["originator_version"],
        topic=row["topic"],
        state=row["state"],
    )

"""PostgreSQL connections as the ledger needs them: found again after a failover, and never waited for without end.

Nothing is asked of a session beyond its transaction, so that a pooler in transaction mode may stand between.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from time import monotonic, sleep
from typing import Any, TypeVar

import psycopg
from eventsourcing.postgres import ConnectionPool, PostgresDatastore
from psycopg.errors import ReadOnlySqlTransaction
from psycopg.rows import DictRow, dict_row
from psycopg_pool import PoolTimeout

from service.store.records import StoreUnavailableError

T = TypeVar("T")
Lent = psycopg.Connection[DictRow]

_ATTEMPT_S = 0.6
_PAUSE_S = 0.1

PATIENCE_S = 5.0
"""How long who needs a connection waits for a database that is restarted, or that another takes the place of."""

CONNECT: dict[str, Any] = {  # Any: of whichever type an option has
    "autocommit": True,
    # Statements that are prepared belong to a session, which a pooler takes away.
    "prepare_threshold": None,
    "connect_timeout": 3,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
    "application_name": "onrecord",
}
"""A peer that vanished without a word is given up after some ten seconds."""

# A server that can not reach its client gives up as soon, and one whose client stands still lets its locks go.
LIMITS = """
    SET LOCAL idle_in_transaction_session_timeout = '5s';
    SET LOCAL lock_timeout = '10s';
    SET LOCAL statement_timeout = 0;
    SET LOCAL tcp_user_timeout = '10s';
    SET LOCAL tcp_keepalives_idle = 5;
    SET LOCAL tcp_keepalives_interval = 2;
    SET LOCAL tcp_keepalives_count = 3;
"""
"""The first statements of a transaction that others wait for."""


class ConstraintError(Exception):
    """The schema refuses a row: it would break a rule of the ledger."""


class LedgerDatastore(PostgresDatastore):
    """The library's datastore with a pool of ours. A connection that has failed is not lent again."""

    def __init__(self, url: str, size: int = 4, patience_s: float = PATIENCE_S) -> None:
        """Connect when a connection is first asked for, to `size` at most."""
        self._patience_s = patience_s
        super().__init__("", "", "", "", "", schema="ledger", originator_id_type="text")
        self.pool.close()
        self.pool = _pool(url, size)

    def register_type_adapters(self) -> None:
        """Do nothing: events are written as plain arrays, not as composites."""

    @contextmanager
    def get_connection(self) -> Iterator[Lent]:
        """Lend a connection. Raises StoreUnavailableError, ConstraintError."""
        with self.lend(lambda _: None) as (connection, _):
            yield connection

    @contextmanager
    def lend(self, begin: Callable[[Lent], T]) -> Iterator[tuple[Lent, T]]:
        """Lend a connection and what `begin` made of it, which is tried again where the database was away.

        Raises ConstraintError where the schema refuses a row, else StoreUnavailableError.
        """
        connection, begun = self._begin(begin)
        try:
            yield connection, begun
        except psycopg.Error as error:
            # Whatever it was, the next one is new: where another server leads now, this one leads nowhere.
            connection.close()
            raise _translated(error) from error
        except BaseException:
            _roll_back(connection)
            raise
        finally:
            self.pool.putconn(connection)

    def _begin(self, begin: Callable[[Lent], T]) -> tuple[Lent, T]:
        until_s = monotonic() + self._patience_s
        while True:
            connection = self._get(until_s)
            try:
                return connection, begin(connection)
            except BaseException as error:
                is_away = connection.broken or isinstance(error, ReadOnlySqlTransaction)
                connection.close()
                self.pool.putconn(connection)
                if not isinstance(error, psycopg.Error):
                    raise
                if not is_away or monotonic() >= until_s:
                    raise _translated(error) from error
                sleep(_PAUSE_S)

    def _get(self, until_s: float) -> Lent:
        while True:
            try:
                return self.pool.getconn(timeout=_ATTEMPT_S)
            except PoolTimeout as error:
                if monotonic() >= until_s:
                    raise StoreUnavailableError("the database can not be reached") from error


def _pool(url: str, size: int) -> ConnectionPool[Lent]:
    return ConnectionPool(
        url,
        connection_class=psycopg.Connection[DictRow],
        kwargs={**CONNECT, "row_factory": dict_row},
        min_size=0,
        max_size=size,
        open=True,
        max_lifetime=600,
        # Not its own backing off: who comes next tries at once.
        reconnect_timeout=_ATTEMPT_S,
    )


def _translated(error: psycopg.Error) -> Exception:
    if isinstance(error, psycopg.IntegrityError):
        return ConstraintError(_first_line(error))
    return StoreUnavailableError(f"the database can not do it: {_first_line(error)}")


def _first_line(error: psycopg.Error) -> str:
    return str(error).partition("\n")[0]


def _roll_back(connection: Lent) -> None:
    with suppress(psycopg.Error):
        connection.rollback()

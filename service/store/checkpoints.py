"""What the log has signed, whichever engine keeps it: kept for good, one after another, whoever signs."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import astuple, dataclass, fields, replace
from typing import Any, TypeVar

from projections.database import Connection
from service.store.postgres_connections import ConstraintError


@dataclass(frozen=True, slots=True, kw_only=True)
class LogIdentity:
    """An origin and the verifier key of what is signed in its name; the ledger's first log has the id 1."""

    log_id: int
    origin: str
    verifier_key: str
    begun_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptCheckpoint:
    """A checkpoint that was signed: the note with the log's own signature; numbers count from 1, over all logs.

    One that is about to be kept has the number 0.
    """

    number: int = 0
    log_id: int
    size: int
    note: bytes
    signed_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cosignature:
    """What a witness has signed of a checkpoint: a signature line of the note."""

    number: int
    verifier_key: str
    line: bytes
    cosigned_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """Who is asked for cosignatures, and where."""

    verifier_key: str
    url: str
    added_us: int


Row = TypeVar("Row", LogIdentity, KeptCheckpoint, Cosignature, Witness)

LogRecord = LogIdentity | KeptCheckpoint | Cosignature | Witness
"""What a ledger holds of its log."""

TABLES = {LogIdentity: "logs", KeptCheckpoint: "checkpoints", Cosignature: "cosignatures", Witness: "witnesses"}
"""Where it stands."""


class NotTheLastError(Exception):
    """Somebody else has signed meanwhile: what was about to be signed does not follow the last checkpoint."""


class CheckpointStore:
    """Logs, checkpoints, cosignatures and witnesses in the ledger's database, written by any thread of any node.

    What a method has written is durable when it returns. Each one raises StoreUnavailableError when the database
    is away, full or read-only.
    """

    def __init__(self, connect: Callable[[], AbstractContextManager[Connection]]) -> None:
        """Work on connections that see the ledger's tables, and commit when they are left."""
        self._connect = connect

    def list_logs(self) -> Sequence[LogIdentity]:
        """Return every log of the ledger; the last is in force."""
        return self._read(LogIdentity, "SELECT {} FROM logs ORDER BY log_id")

    def begin_log(self, origin: str, verifier_key: str, now_us: int) -> LogIdentity:
        """Begin the next log. Raises ValueError where the origin was used before."""
        try:
            with self._connect() as connection:
                begun = connection.execute(
                    """
                    INSERT INTO logs (log_id, origin, verifier_key, begun_us)
                    SELECT COALESCE(MAX(log_id), 0) + 1, ?, ?, ?
                    FROM logs
                    HAVING NOT EXISTS (SELECT 1 FROM logs WHERE origin = ?)
                    """,
                    (origin, verifier_key, now_us, origin),
                )
                if begun.rowcount != 1:
                    raise ValueError(f"the origin {origin} was used before")
        except ConstraintError as error:
            raise ValueError(f"somebody else has begun a log at the same time: {error}") from error
        return self.list_logs()[-1]

    def last(self, log_id: int) -> KeptCheckpoint | None:
        """Return the last checkpoint of a log."""
        sql = "SELECT {} FROM checkpoints WHERE log_id = ? ORDER BY size DESC LIMIT 1"
        found = self._read(KeptCheckpoint, sql, log_id)
        return found[0] if found else None

    def keep(self, checkpoint: KeptCheckpoint, after: KeptCheckpoint | None) -> KeptCheckpoint:
        """Keep a checkpoint of the log in force, if `after` is still its last; return it with its number.

        Raises NotTheLastError.
        """
        try:
            with self._connect() as connection:
                number = _insert(connection, checkpoint, 0 if after is None else after.number)
        except ConstraintError as error:
            # Where two insert at once, one finds the other's number taken.
            raise NotTheLastError(str(error)) from error
        return replace(checkpoint, number=number)

    def list_checkpoints(self, after: int, limit: int) -> Sequence[KeptCheckpoint]:
        """Return the checkpoints after a number, in order."""
        sql = "SELECT {} FROM checkpoints WHERE number > ? ORDER BY number LIMIT ?"
        return self._read(KeptCheckpoint, sql, after, limit)

    def list_cosignatures(self, first: int, last: int) -> Sequence[Cosignature]:
        """Return the cosignatures of the checkpoints from one number to another, in their order."""
        sql = "SELECT {} FROM cosignatures WHERE number BETWEEN ? AND ? ORDER BY number, verifier_key"
        return self._read(Cosignature, sql, first, last)

    def add_cosignature(self, cosignature: Cosignature) -> None:
        """Keep a cosignature, in the place of an earlier one of the same witness on the same checkpoint."""
        with self._connect() as connection:
            connection.execute(
                """
                INSERT INTO cosignatures (number, verifier_key, line, cosigned_us)
                VALUES (?, ?, ?, ?)
                ON CONFLICT (number, verifier_key)
                DO UPDATE SET line = excluded.line, cosigned_us = excluded.cosigned_us
                WHERE excluded.cosigned_us > cosignatures.cosigned_us
                """,
                astuple(cosignature),
            )

    def list_witnesses(self) -> Sequence[Witness]:
        """Return the witnesses, the first added first."""
        return self._read(Witness, "SELECT {} FROM witnesses ORDER BY added_us, verifier_key")

    def add_witness(self, witness: Witness) -> None:
        """Add a witness, or give a known one another address."""
        with self._connect() as connection:
            connection.execute(
                """
                INSERT INTO witnesses (verifier_key, url, added_us)
                VALUES (?, ?, ?)
                ON CONFLICT (verifier_key) DO UPDATE SET url = excluded.url
                """,
                astuple(witness),
            )

    def remove_witness(self, verifier_key: str) -> bool:
        """Remove a witness; return False where there is none. What it has signed stays."""
        with self._connect() as connection:
            removed = connection.execute("DELETE FROM witnesses WHERE verifier_key = ?", (verifier_key,))
            return removed.rowcount == 1

    def _read(self, kind: type[Row], sql: str, *parameters: int) -> list[Row]:
        with self._connect() as connection:
            rows = connection.execute(sql.format(columns_of(kind)), parameters).fetchall()
        return [row_of(kind, row) for row in rows]


def columns_of(kind: type[LogRecord]) -> str:
    """Return the columns that values of a kind are read from, in their order."""
    return ", ".join(field.name for field in fields(kind))


def row_of(kind: type[Row], row: Iterable[Any]) -> Row:  # Any: of whichever type the column is
    """Return the value that stands in a row of those columns."""
    return kind(**dict(zip([field.name for field in fields(kind)], row, strict=True)))


def _insert(connection: Connection, checkpoint: KeptCheckpoint, after: int) -> int:
    """Insert a checkpoint after the one with that number, 0 for none; return its own. Raises NotTheLastError."""
    kept = connection.execute(
        """
        INSERT INTO checkpoints (number, log_id, size, note, signed_us)
        SELECT COALESCE((SELECT MAX(number) FROM checkpoints), 0) + 1, ?, ?, ?, ?
        WHERE COALESCE((SELECT number FROM checkpoints WHERE log_id = ? ORDER BY size DESC LIMIT 1), 0) = ?
          AND (SELECT MAX(log_id) FROM logs) = ?
        """,
        (*astuple(checkpoint)[1:], checkpoint.log_id, after, checkpoint.log_id),
    )
    if kept.rowcount != 1:
        raise NotTheLastError(f"another checkpoint was signed before that of size {checkpoint.size}")
    where = (checkpoint.log_id, checkpoint.size)
    row = connection.execute("SELECT number FROM checkpoints WHERE log_id = ? AND size = ?", where).fetchone()
    return int(row[0])

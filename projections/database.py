"""The little that read models ask of a database connection, whichever engine it is.

`ledger` is the schema in which the store's own tables are seen: read, never written.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol


class Cursor(Protocol):
    """The rows of a statement, as tuples."""

    @property
    def rowcount(self) -> int:
        """How many rows the statement changed."""

    def fetchone(self) -> Any:
        """Return the next row, None at the end."""

    def fetchall(self) -> list[Any]:
        """Return all the rows that are left."""


class Connection(Protocol):
    """A connection; parameters are written as question marks."""

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> Cursor:
        """Run one statement."""

    def rollback(self) -> None:
        """Undo the transaction under way; do nothing where a full disk, say, has ended it already."""

    def executemany(self, sql: str, parameters: Iterable[Sequence[Any]], /) -> Cursor:
        """Run one statement for each set of parameters."""


def one_of(values: Sequence[Any]) -> tuple[str, Sequence[Any]]:  # Any: as in a query
    """Return the question marks and the parameters of `IN (...)`, which NULL never matches.

    There are as many as the next power of two, so that drivers need remember few statements.
    """
    size = 1 << max(len(values) - 1, 0).bit_length()
    return ", ".join("?" * size), [*values, *[None] * (size - len(values))]

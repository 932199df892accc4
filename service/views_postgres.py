"""The readers' port on PostgreSQL: always in threads, and never staler than what readers were told."""

from collections.abc import Callable
from typing import TypeVar

from api.ports import UnavailableError
from projections.tracking import read_position
from service.store.records import StoreUnavailableError
from service.views import ReadConnection, SqliteViews

T = TypeVar("T")


class PostgresViews(SqliteViews):
    """Reads the read models of a database that may be far away, or have a replica in its place."""

    def _first_position(self) -> int:
        try:
            return super()._first_position()
        except StoreUnavailableError:
            return 0  # a replica that is away, or knows of no read models yet: it is looked at again

    async def look_up(self, read: Callable[[ReadConnection], T]) -> T:
        return await self._read(0, read)

    async def _read(self, size: int, read: Callable[[ReadConnection], T]) -> T:  # noqa: ARG002  # all in threads
        least, read = self.position, self._whole(read)
        return await self._in_thread(lambda: self._at_once(lambda c: _checked(c, read, least)))


def _checked(connection: ReadConnection, read: Callable[[ReadConnection], T], least: int) -> T:
    """Read, unless it would show less than readers were told: another replica answers, or one took over."""
    if read_position(connection) < least:
        raise UnavailableError("the database that answers is behind", retry_after_s=1)
    return read(connection)

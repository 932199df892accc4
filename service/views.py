"""The readers' port on SQLite: short look-ups on the event loop, long ones in threads."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from api.ports import ClaimFilter, ClaimPage, Document, EventBytes, Place, Record
from projections import history, records, standing
from projections.rendering import entity_tag
from projections.summary import summary_json
from projections.tracking import read_position

T = TypeVar("T")
_AFTER_EVERY_ID = "\x7f"  # claim ids are ASCII
_SHORT = 100
"""A page of this many is read in less time than handing it to a thread takes."""


class SqliteViews:
    """Reads the read models, and the ledger's bytes through them."""

    def __init__(self, connect: Callable[[], sqlite3.Connection], threads: int = 4) -> None:
        """Read through connections that `connect` opens, one a thread."""
        self._connect = connect
        self._local = threading.local()
        self._opened: list[sqlite3.Connection] = []
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="views")
        self._waiting: set[tuple[int, asyncio.Future[None]]] = set()
        self._position = read_position(self._connection())

    def close(self) -> None:
        """Close every connection."""
        self._executor.shutdown()
        for connection in self._opened:
            connection.close()

    @property
    def position(self) -> int:
        """How far the read models have come; answers asked for afterwards are at least that fresh."""
        return self._position

    def moved_to(self, position: int) -> None:
        """Note how far the read models have come, and wake who waits for it. Runs on the event loop."""
        self._position = position
        for waiting in [waiting for waiting in self._waiting if waiting[0] <= position]:
            self._waiting.discard(waiting)
            if not waiting[1].done():
                waiting[1].set_result(None)

    async def wait_for(self, position: int, timeout_s: float) -> bool:
        """Wait until the read models have come to a position; return whether they have."""
        if position <= self._position:
            return True
        waiting = (position, asyncio.get_running_loop().create_future())
        self._waiting.add(waiting)
        try:
            await asyncio.wait_for(waiting[1], timeout_s)
        except TimeoutError:
            return False
        finally:
            self._waiting.discard(waiting)
        return True

    async def get_claim(self, claim_id: str, audience: int) -> Document | None:
        """Return a claim with its standing and links."""
        row = standing.get_claim(self._connection(), claim_id, audience)
        return None if row is None else Document(row.body, row.etag)

    async def list_claims(self, which: ClaimFilter, audience: int, limit: int, after: Place | None) -> ClaimPage:
        """Return claims, those that changed last first."""
        return await self._read(limit, lambda connection: _claims(connection, which, audience, limit, after))

    async def list_history(self, claim_id: str, audience: int, after: int, limit: int) -> Sequence[Record] | None:
        """Return the records of a claim after a version, in order; None where there is no such claim."""
        return await self._read(limit, lambda connection: _history(connection, claim_id, audience, after, limit))

    async def list_events(self, audience: int, after: int, limit: int) -> Sequence[Record]:
        """Return the ledger's records after a position, in order."""
        return await self._read(limit, lambda connection: _events(connection, audience, after, limit))

    async def get_record(self, event_id: str, audience: int) -> Record | None:
        """Return the record of one event."""
        record = self._find(event_id, audience)
        return None if record is None else Record(record.body, record.position, record.version)

    async def get_bytes(self, event_id: str, audience: int) -> EventBytes | None:
        """Return the stored bytes of one event."""
        record = self._find(event_id, audience)
        return None if record is None else EventBytes(record.state)

    async def get_summary(self, audience: int) -> Document:
        """Return counts, activity and the latest records."""
        body = _at_once(self._connection(), lambda c: summary_json(c, audience, read_position(c)))
        return Document(body, entity_tag(body))

    def _find(self, event_id: str, audience: int) -> records.Record | None:
        return _at_once(self._connection(), lambda c: records.get_record(c, event_id, audience, read_position(c)))

    async def _read(self, size: int, read: Callable[[sqlite3.Connection], T]) -> T:
        """Run a read in one transaction, here or in a thread: what it returns is of one moment."""
        if size <= _SHORT:
            return _at_once(self._connection(), read)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, lambda: _at_once(self._connection(), read))

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self._connect()
            self._opened.append(connection)
        return connection


def _at_once(connection: sqlite3.Connection, read: Callable[[sqlite3.Connection], T]) -> T:
    connection.execute("BEGIN")
    try:
        return read(connection)
    finally:
        connection.rollback()  # does nothing where an error has ended the transaction already


def _claims(
    connection: sqlite3.Connection, which: ClaimFilter, audience: int, limit: int, after: Place | None
) -> ClaimPage:
    filters = standing.Filter(status=which.status, contested=which.contested, tag=which.tag)
    as_of = after.as_of if after else read_position(connection)
    before = (after.position, after.claim_id) if after else (as_of, _AFTER_EVERY_ID)
    rows = standing.list_claims(connection, filters, audience, limit + 1, before)
    page = rows[:limit]
    following = None
    if len(rows) > limit:
        following = Place(as_of=as_of, position=page[-1][0], claim_id=page[-1][1])
    return ClaimPage([item for _, _, item in page], following)


def _history(
    connection: sqlite3.Connection, claim_id: str, audience: int, after: int, limit: int
) -> list[Record] | None:
    if standing.get_claim(connection, claim_id, audience) is None:
        return None
    found = history.list_history(connection, claim_id, audience, after, limit, read_position(connection))
    return [Record(body, record.position, record.version) for record, body in found]


def _events(connection: sqlite3.Connection, audience: int, after: int, limit: int) -> list[Record]:
    found = records.list_ledger(connection, audience, after, limit, read_position(connection))
    return [Record(record.body, record.position, record.version) for record in found]

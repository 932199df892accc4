"""The readers' port on SQLite: short look-ups on the event loop, long ones in threads."""

import asyncio
import re
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Protocol, TypeVar

from api.ports import (
    ClaimFilter,
    ClaimPage,
    Document,
    EventBytes,
    PageWanted,
    Place,
    Record,
    SourcePage,
    UnavailableError,
)
from domain.reader import NOW, Cut
from projections import as_of, changes, embargoes, history, records, search, sources, standing
from projections.as_of import position_of
from projections.database import Connection
from projections.rendering import entity_tag
from projections.summary import summary_json
from projections.tracking import read_built, read_position
from service.store.records import StoreUnavailableError
from service.waiting import Progress

T = TypeVar("T")
_EVENT_ID = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_SHORT = 200
"""A page of this many is read in less time than handing it to a thread takes."""
_LONG = 1000
_PASSING = frozenset({sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY})
"""What the machine lacks, a file to open for one: any other error of a read is a defect of ours."""


class ReadConnection(Connection, Protocol):
    """A connection to read models that one thread reads, and that is closed in the end."""

    def close(self) -> None:
        """Close it."""


class SqliteViews:
    """Reads the read models, and the ledger's bytes through them."""

    def __init__(self, connect: Callable[[], ReadConnection], now_us: Callable[[], int], threads: int = 4) -> None:
        """Read through connections that `connect` opens, one a thread."""
        self._now_us = now_us
        self._connect = connect
        self._generation = 0
        self._local = threading.local()
        self._opened: list[ReadConnection] = []
        self._lock = threading.Lock()
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="views")
        self._progress = Progress(self._first_position())

    def reopen(self, connect: Callable[[], ReadConnection]) -> None:
        """Read from now on what `connect` opens, which has come as far; nobody opens the former any more."""
        with self._lock:
            self._connect = connect
            self._generation += 1

    def close(self) -> None:
        """Close every connection."""
        self._executor.shutdown()
        for connection in self._opened:
            connection.close()

    @property
    def position(self) -> int:
        """How far the read models have come; answers asked for afterwards are at least that fresh."""
        return self._progress.position

    def moved_to(self, position: int) -> None:
        """Note how far the read models have come, and wake who waits for it. Runs on the event loop."""
        self._progress.move(position)

    async def wait_for(self, position: int, timeout_s: float) -> bool:
        """Wait until the read models have come to a position; return whether they have."""
        return await self._progress.wait_for(position, timeout_s)

    def read_here(self, read: Callable[[ReadConnection], T]) -> T:
        """Run a short read in one transaction, in the thread that asks."""
        return self._at_once(read)

    @property
    def now_us(self) -> int:
        """The ledger's clock: what lies beyond it is in the future."""
        return self._now_us()

    async def get_claim(self, claim_id: str, audience: int, cut: Cut) -> Document | None:
        """Return a claim with its standing and links."""
        if cut != NOW:
            body = await self._read(_LONG, lambda c: as_of.claim_json(c, claim_id, audience, cut))
            return None if body is None else Document(body, entity_tag(body))
        row = await self.look_up(lambda c: standing.get_claim(c, claim_id, audience))
        return None if row is None else Document(row.body, row.etag)

    async def list_claims(self, which: ClaimFilter, audience: int, cut: Cut, page: PageWanted) -> ClaimPage:
        """Return claims as they stood at the cut, in the order of the page."""
        if which.q is not None or which.similar_to is not None:
            return await self._read(_LONG, lambda connection: _found(connection, which, audience, page))
        size = page.limit if cut == NOW and page.after is None else _LONG
        return await self._read(size, lambda connection: _claims(connection, which, audience, cut, page))

    async def list_history(
        self, claim_id: str, audience: int, cut: Cut, after: int, limit: int
    ) -> Sequence[Record] | None:
        """Return the records of a claim after a version, in order; None where there is no such claim."""
        return await self._read(limit, lambda c: _history(c, claim_id, audience, cut, (after, limit)))

    async def list_events(self, audience: int, after: int, limit: int) -> Sequence[Record]:
        """Return the ledger's records after a position, in order."""
        return await self._read(limit, lambda connection: _events(connection, audience, after, limit))

    async def get_record(self, event_id: str, audience: int) -> Record | None:
        """Return the record of one event."""
        record = await self._find(event_id, audience)
        return None if record is None else Record(record.body, record.position, record.version)

    async def get_bytes(self, event_id: str, audience: int) -> EventBytes | None:
        """Return the stored bytes of one event."""
        record = await self._find(event_id, audience)
        return None if record is None else EventBytes(record.state)

    async def get_summary(self, audience: int, cut: Cut) -> Document:
        """Return counts, activity and the latest records."""
        body = await self._read(0, lambda c: summary_json(c, audience, position_of(c, cut)))
        return Document(body, entity_tag(body))

    async def list_sources(self, audience: int, after: sources.Place | None, limit: int) -> SourcePage:
        """Return who reported and denied what, those with most statements first."""
        found = await self._read(limit, lambda c: sources.list_sources(c, audience, after, limit + 1))
        return SourcePage(found[:limit], found[limit - 1].place if len(found) > limit else None)

    async def list_changes(self, limit: int) -> Sequence[changes.Change]:
        """Return how claims came to stand otherwise, as the public sees it, the newest first."""
        return await self._read(limit, lambda connection: changes.list_latest(connection, limit))

    async def list_ended_embargoes(self, now_us: int, limit: int) -> list[embargoes.Embargo]:
        """Return embargoes that have ended by an instant."""
        return await self.look_up(lambda connection: embargoes.list_ended(connection, now_us, limit))

    async def next_embargo_end(self) -> int | None:
        """Return when the next embargo ends, in microseconds since 1970."""
        return await self.look_up(embargoes.next_end)

    async def _find(self, event_id: str, audience: int) -> records.Record | None:
        if not _EVENT_ID.fullmatch(event_id):
            return None
        return await self._read(0, lambda c: records.get_record(c, event_id, audience, read_position(c)))

    async def look_up(self, read: Callable[[ReadConnection], T]) -> T:
        """Run one statement, which needs no transaction to be of one moment."""
        return self._run(self._whole(read))

    async def _read(self, size: int, read: Callable[[ReadConnection], T]) -> T:
        """Run a read in one transaction, here or in a thread: what it returns is of one moment."""
        if size <= _SHORT:
            return self._at_once(self._whole(read))
        return await self._in_thread(lambda: self._at_once(self._whole(read)))

    def _whole(self, read: Callable[[ReadConnection], T]) -> Callable[[ReadConnection], T]:
        """Return a read that raises UnavailableError while the read models are built from nothing."""
        return read if self.position else lambda connection: _read_whole(connection, read)

    async def _in_thread(self, read: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, read)

    def _first_position(self) -> int:
        return self._at_once(read_position)

    def _at_once(self, read: Callable[[ReadConnection], T]) -> T:
        return self._run(lambda connection: at_once(connection, read))

    def _run(self, read: Callable[[ReadConnection], T]) -> T:
        """Read through this thread's connection. Raises UnavailableError where the machine lacks what that takes."""
        try:
            return read(self._connection())
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in _PASSING:
                raise
            raise StoreUnavailableError(f"the read models can not be read: {error}") from error

    def _connection(self) -> ReadConnection:
        held: tuple[int, ReadConnection] | None = getattr(self._local, "held", None)
        return held[1] if held is not None and held[0] == self._generation else self._open(held)

    def _open(self, held: tuple[int, ReadConnection] | None) -> ReadConnection:
        """Open this thread's connection, in the place of one that reads what is no longer current."""
        with self._lock:
            connection = self._connect()
            self._local.held = (self._generation, connection)
            self._opened.append(connection)
            if held is not None:
                self._opened.remove(held[1])
                held[1].close()
        return connection


def at_once(connection: ReadConnection, read: Callable[[ReadConnection], T]) -> T:
    """Run a read in a transaction: what it returns is of one moment."""
    connection.execute("BEGIN")
    try:
        return read(connection)
    finally:
        connection.rollback()  # does nothing where an error has ended the transaction already


def _read_whole(connection: ReadConnection, read: Callable[[ReadConnection], T]) -> T:
    built = read_built(connection)
    if built is not None:
        done = f"{built.events} of {built.head} events"
        raise UnavailableError(f"the read models are being made, with {done} so far", retry_after_s=5)
    return read(connection)


def _claims(connection: ReadConnection, which: ClaimFilter, audience: int, cut: Cut, page: PageWanted) -> ClaimPage:
    filters = standing.Filter(**asdict(which))
    position = page.after.as_of if page.after else position_of(connection, cut)
    found: list[tuple[int | str, bytes]]
    if cut == NOW and page.after is None and page.sort == "changed":
        rows = standing.list_claims(connection, filters, audience, page.limit + 1)
        found = [(place, item) for place, _, item in rows]
    else:
        after = page.after.last if page.after else None
        part = as_of.Page(position=position, sort=page.sort, after=after, limit=page.limit + 1)
        found = [(listed.place, listed.item) for listed in as_of.list_claims(connection, filters, audience, part)]
    shown = found[: page.limit]
    following = Place(as_of=position, last=shown[-1][0]) if len(found) > page.limit else None
    return ClaimPage([item for _, item in shown], following)


def _found(connection: ReadConnection, which: ClaimFilter, audience: int, page: PageWanted) -> ClaimPage:
    position = page.after.as_of if page.after else read_position(connection)
    after = page.after.last if page.after else None
    part = as_of.Page(position=position, sort=page.sort, after=after, limit=page.limit + 1)
    found = search.list_claims(connection, standing.Filter(**asdict(which)), audience, part)
    shown = found[: page.limit]
    following = None
    if len(found) > page.limit and which.similar_to is None:
        shown_before = page.after.last if page.after and isinstance(page.after.last, int) else 0
        last = shown_before + len(shown) if page.sort == "rank" else shown[-1].place
        following = Place(as_of=position, last=last)
    return ClaimPage([each.item for each in shown], following, [each.snippet for each in shown])


def _history(
    connection: ReadConnection, claim_id: str, audience: int, cut: Cut, part: tuple[int, int]
) -> list[Record] | None:
    if standing.get_claim(connection, claim_id, audience) is None:
        return None  # before its events are looked through: of a long claim that is hidden, the time would tell
    upto = position_of(connection, cut)
    found = history.list_history(connection, claim_id, audience, part, upto)
    if not found and not records.list_claim(connection, claim_id, audience, (0, 1), upto):
        return None
    return [Record(body, record.position, record.version) for record, body in found]


def _events(connection: ReadConnection, audience: int, after: int, limit: int) -> list[Record]:
    found = records.list_ledger(connection, audience, after, limit, read_position(connection))
    return [Record(record.body, record.position, record.version) for record in found]

"""Who has read what may be confidential: noted before it is answered, and never changed."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass

from api.ports import Key, UnavailableError
from domain.times import SECOND_US
from projections.database import Connection

_MINUTE_US = 60 * SECOND_US
_PAGE = 1000
_AT_ONCE = 200
_PATIENCE_S = 5.0
_LONGEST_ADDRESS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """That a key has read at an address, at this instant (microseconds since 1970) and perhaps again in its minute."""

    read_us: int
    key_id: str
    key_name: str
    audience: int
    address: str


class AccessStore:
    """The accesses in the ledger's database."""

    def __init__(self, connect: Callable[[], AbstractContextManager[Connection]]) -> None:
        """Work on connections that see the ledger's tables, and commit when they are left."""
        self._connect = connect

    def add(self, accesses: list[Access]) -> None:
        """Note accesses; they are durable when this returns. Raises StoreUnavailableError."""
        rows = [(each.read_us, each.key_id, each.key_name, each.audience, each.address) for each in accesses]
        values = ", ".join(["(?, ?, ?, ?, ?)"] * len(rows))
        with self._connect() as connection:
            # One statement, for on SQLite each is durable by itself.
            connection.execute(
                f"INSERT INTO accesses (read_us, key_id, key_name, audience, address) VALUES {values}",
                [value for row in rows for value in row],
            )

    def list_accesses(self, since_us: int, until_us: int) -> Iterator[Access]:
        """Yield the accesses from one instant on and before another, in the order in which they were noted."""
        number = 0
        while page := self._page(number, since_us, until_us):
            yield from (
                Access(read_us=read_us, key_id=key_id, key_name=key_name, audience=audience, address=address)
                for _, read_us, key_id, key_name, audience, address in page
            )
            number = page[-1][0]

    def _page(self, after: int, since_us: int, until_us: int) -> list[tuple[int, int, str, str, int, str]]:
        with self._connect() as connection:
            return connection.execute(
                """
                SELECT number, read_us, key_id, key_name, audience, address
                FROM accesses
                WHERE number > ? AND read_us >= ? AND read_us < ?
                ORDER BY number
                LIMIT ?
                """,
                (after, since_us, until_us, _PAGE),
            ).fetchall()


class AccessLog:
    """Notes accesses for who waits to answer: once a minute for each key and address, many in one transaction.

    Runs on the event loop; only the writing is a thread's.
    """

    def __init__(
        self, add: Callable[[list[Access]], None], now_us: Callable[[], int], patience_s: float = _PATIENCE_S
    ) -> None:
        """Write by `add`; what it raises is raised to everybody who waits for it, for so many seconds at most."""
        self._add = add
        self._patience_s = patience_s
        self._now_us = now_us
        self._minute = 0
        self._noted: dict[tuple[str, str], asyncio.Future[None]] = {}
        self._waiting: list[tuple[Access, asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def note(self, key: Key, audience: int, address: str) -> None:
        """Return when it is on disk that the key reads there. Raises UnavailableError where it can not be noted."""
        now_us = self._now_us()
        if now_us // _MINUTE_US != self._minute:
            self._minute, self._noted = now_us // _MINUTE_US, {}
        address = address[:_LONGEST_ADDRESS]
        noted = self._noted.get((key.key_id, address))
        if noted is None or (noted.done() and noted.exception() is not None):
            noted = self._noted[key.key_id, address] = asyncio.get_running_loop().create_future()
            access = Access(read_us=now_us, key_id=key.key_id, key_name=key.name, audience=audience, address=address)
            self._waiting.append((access, noted))
            if self._writing is None or self._writing.done():
                self._writing = asyncio.create_task(self._write_all())
        try:
            async with asyncio.timeout(self._patience_s):
                await asyncio.shield(noted)  # one who goes away takes nothing from the others who wait for the same
        except TimeoutError as error:
            raise UnavailableError("it can not be noted who reads: the database does not answer") from error

    async def _write_all(self) -> None:
        elapsed_s = asyncio.get_running_loop().time
        while self._waiting:
            batch, self._waiting = self._waiting[:_AT_ONCE], self._waiting[_AT_ONCE:]
            began_s = elapsed_s()
            error = await self._write([access for access, _ in batch])
            for _, noted in batch:
                if error is None:
                    noted.set_result(None)
                else:
                    noted.set_exception(error)
                    noted.exception()  # nobody may be left who waits for it
            # On SQLite whoever appends wants the same lock: it is free for as long as it was held.
            await asyncio.sleep(elapsed_s() - began_s)

    async def _write(self, accesses: list[Access]) -> Exception | None:
        try:
            await asyncio.to_thread(self._add, accesses)
        except Exception as error:  # noqa: BLE001  # whoever waits must hear of it
            return error
        return None

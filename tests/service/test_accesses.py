"""Who has read what may be confidential is on disk before it is answered, and nobody changes it."""

import asyncio
import threading

import pytest

from api.ports import Key, UnavailableError
from domain.audience import DESK
from domain.times import SECOND_US
from service.accesses import Access, AccessLog, AccessStore
from service.store.databases import LedgerDatabase
from service.store.postgres_connections import ConstraintError
from service.store.records import StoreUnavailableError
from tests.service.desk import BOTH, NOON_US, PATIENCE_S

ENGINES = BOTH
KEY = Key(key_id="one", name="desk", role="editor", audience=DESK)
OTHER = Key(key_id="two", name="desk", role="editor", audience=DESK)
REFUSED = "immutable|syntax error"
"""What is no SQL of an engine's does no harm there either."""


@pytest.fixture
def store(database: LedgerDatabase) -> AccessStore:
    database.prepare()
    return AccessStore(database.tables)


def access(read_us: int, address: str = "/v1/claims/a") -> Access:
    return Access(read_us=read_us, key_id="one", key_name="desk", audience=DESK, address=address)


def listed(store: AccessStore) -> list[Access]:
    return list(store.list_accesses(0, 2**62))


def test_what_was_noted_is_listed_in_order_and_by_time(store):
    many = [access(number, f"/v1/claims/{number}") for number in range(1500)]
    for start in range(0, 1500, 300):
        store.add(many[start : start + 300])
    assert listed(store) == many
    assert list(store.list_accesses(5, 8)) == many[5:8]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE accesses SET key_name = 'other'",
        "DELETE FROM accesses",
        "INSERT OR REPLACE INTO accesses VALUES (1, 1, 'x', 'x', 2, 'x')",
        "TRUNCATE accesses",
    ],
)
def test_nobody_changes_what_was_noted(database, store, statement):
    store.add([access(1)])
    with pytest.raises((StoreUnavailableError, ConstraintError), match=REFUSED), database.tables() as connection:
        connection.execute(statement)
    assert listed(store) == [access(1)]


class Clock:
    def __init__(self) -> None:
        self.now_us = NOON_US


def test_a_minute_of_reads_at_an_address_is_one_row_for_each_key(store):
    clock = Clock()
    log = AccessLog(store.add, lambda: clock.now_us)

    async def read() -> None:
        for key in (KEY, KEY, OTHER):
            for address in ("/v1/claims/a", "/v1/summary"):
                await log.note(key, DESK, address)
        clock.now_us += 60 * SECOND_US
        await log.note(KEY, DESK, "/v1/claims/a")

    asyncio.run(read())
    found = [(each.key_id, each.address, each.read_us - NOON_US) for each in listed(store)]
    assert found == [
        *(("one", address, 0) for address in ("/v1/claims/a", "/v1/summary")),
        *(("two", address, 0) for address in ("/v1/claims/a", "/v1/summary")),
        ("one", "/v1/claims/a", 60 * SECOND_US),
    ]


def test_who_reads_at_once_is_noted_together(store):
    added: list[int] = []

    def add(accesses: list[Access]) -> None:
        added.append(len(accesses))
        store.add(accesses)

    async def read() -> None:
        log = AccessLog(add, lambda: NOON_US)
        await asyncio.gather(*(log.note(KEY, DESK, f"/v1/claims/{number}") for number in range(1000)))

    asyncio.run(read())
    assert sum(added) == len(listed(store)) == 1000
    assert len(added) < 20


def test_who_can_not_be_noted_is_told_so_and_is_noted_the_next_time(store):
    failures = [StoreUnavailableError("away")]

    def add(accesses: list[Access]) -> None:
        if failures:
            raise failures.pop()
        store.add(accesses)

    async def read() -> None:
        log = AccessLog(add, lambda: NOON_US)
        both = await asyncio.gather(*(log.note(KEY, DESK, "/") for _ in range(2)), return_exceptions=True)
        assert [type(each) for each in both] == [StoreUnavailableError] * 2
        await log.note(KEY, DESK, "/")

    asyncio.run(read())
    assert len(listed(store)) == 1


def test_who_can_not_be_noted_in_time_is_told_so():
    goes_on = threading.Event()

    def add(_: list[Access]) -> None:
        goes_on.wait(PATIENCE_S)

    async def read() -> None:
        with pytest.raises(UnavailableError, match="does not answer"):
            await AccessLog(add, lambda: NOON_US, patience_s=0.01).note(KEY, DESK, "/")
        goes_on.set()

    asyncio.run(read())

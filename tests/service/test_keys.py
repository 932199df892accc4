"""Keys: shown once, kept as hashes, good at once, and no more once they are revoked."""

import asyncio
import threading
from hashlib import sha256
from typing import Any

import pytest

from api.ports import Key
from service.keys import KeyRing, KeyStore
from service.store.databases import LedgerDatabase
from service.store.records import StoreUnavailableError
from tests.service.desk import BOTH, PATIENCE_S

ENGINES = BOTH


@pytest.fixture
def store(database: LedgerDatabase) -> KeyStore:
    database.prepare()
    return KeyStore(database.tables)


@pytest.fixture
def ring(store: KeyStore) -> KeyRing:
    return KeyRing(store)


def find(ring: KeyRing, secret: str) -> Any:  # Any: tests say themselves whether there is one
    return asyncio.run(ring.find(secret))


class CountingStore(KeyStore):
    def __init__(self, database: LedgerDatabase) -> None:
        super().__init__(database.tables)
        self.reads = 0

    def good_keys(self) -> dict[bytes, Key]:
        self.reads += 1
        return super().good_keys()


def test_a_key_is_good_as_soon_as_it_is_made(store, ring):
    ring.refresh()
    found = find(ring, store.create("desk", "editor", None, now_us=1))
    assert (found.name, found.role, found.audience) == ("desk", "editor", 2)


def test_an_unknown_key_is_none(store, ring):
    store.create("desk", "editor", None, now_us=1)
    assert find(ring, "onrecord_something-else") is None


def test_the_key_itself_is_not_stored(database, store):
    secret = store.create("desk", "editor", None, now_us=1)
    assert secret.startswith("onrecord_")
    assert len(secret) >= 40
    with database.tables() as connection:
        (row,) = connection.execute("SELECT * FROM keys").fetchall()
    assert sha256(secret.encode()).digest() in row
    assert secret not in map(str, row)


@pytest.mark.parametrize(
    ("role", "asked", "audience"),
    [("reporter", None, 1), ("importer", 2, 1), ("editor", 0, 0), ("auditor", None, 2), ("admin", 1, 1)],
)
def test_the_audience_of_a_role_may_be_lowered_and_not_raised(store, ring, role, asked, audience):
    assert find(ring, store.create("desk", role, asked, now_us=1)).audience == audience


def test_a_revoked_key_is_good_until_the_keys_are_read_again(store, ring):
    secret = store.create("desk", "editor", None, now_us=1)
    other = store.create("other", "editor", None, now_us=2)
    found = find(ring, secret)
    assert store.revoke(found.key_id, now_us=3)
    assert find(ring, secret) == found
    ring.refresh()
    assert find(ring, secret) is None
    assert find(ring, other).name == "other"


def test_a_key_is_revoked_once(store, ring):
    found = find(ring, store.create("desk", "editor", None, now_us=1))
    assert store.revoke(found.key_id, now_us=2)
    assert not store.revoke(found.key_id, now_us=3)
    assert not store.revoke("no-such-key", now_us=3)
    assert [row.revoked_us for row in store.list_keys()] == [2]


def test_when_a_key_was_last_used_is_noted_for_all_at_once_and_never_set_back(store, ring):
    used, unused = store.create("used", "editor", None, now_us=1), store.create("unused", "editor", None, now_us=2)
    find(ring, used)
    find(ring, "onrecord_something-else")
    ring.note_used(now_us=70)
    ring.note_used(now_us=80)  # nothing has been used since
    assert [(row.name, row.last_used_us) for row in store.list_keys()] == [("used", 70), ("unused", None)]
    find(ring, used)
    find(ring, unused)
    ring.note_used(now_us=60)  # another node has noted a later use
    assert [row.last_used_us for row in store.list_keys()] == [70, 60]


def test_a_header_tells_whose_it_is_without_letting_anybody_in(store, ring):
    secret = store.create("desk", "editor", None, now_us=1)
    assert ring.whose(f"Bearer {secret}".encode()) == ""
    ring.refresh()
    (row,) = store.list_keys()
    assert [ring.whose(f"{said} {secret}".encode()) for said in ("Bearer", "bearer ")] == [row.key_id] * 2
    assert {ring.whose(said) for said in (b"", b"Bearer", b"Bearer x", b"\xff \xff")} == {""}


def test_keys_are_listed_with_the_revoked_ones_the_oldest_first(store):
    for number, name in enumerate(("one", "two", "three"), start=1):
        store.create(name, "reporter", None, now_us=number)
    store.revoke(store.list_keys()[0].key_id, now_us=9)
    listed = [(row.name, row.role, row.audience, row.created_us, row.revoked_us) for row in store.list_keys()]
    assert listed == [("one", "reporter", 1, 1, 9), ("two", "reporter", 1, 2, None), ("three", "reporter", 1, 3, None)]


def test_the_bootstrap_key_counts_only_while_no_key_has_existed(store, ring):
    assert store.bootstrap("b" * 32, now_us=1)
    assert not store.bootstrap("c" * 32, now_us=2)
    found = find(ring, "b" * 32)
    assert (found.name, found.role, found.audience) == ("admin", "admin", 2)
    store.revoke(found.key_id, now_us=3)
    assert not store.bootstrap("b" * 32, now_us=4)
    ring.refresh()
    assert find(ring, "b" * 32) is None


def test_a_node_that_can_not_ask_lets_nobody_in_after_four_seconds(store):
    secret = store.create("desk", "editor", None, now_us=1)
    clock = [100.0]
    ring = KeyRing(AwayStore(store), lambda: clock[0])
    assert find(ring, secret) is not None
    clock[0] += 3.9
    assert find(ring, secret) is not None
    clock[0] += 0.2
    with pytest.raises(StoreUnavailableError):
        find(ring, secret)


class AwayStore(KeyStore):
    """A store that answers once."""

    def __init__(self, store: KeyStore) -> None:
        self._answers = [store.good_keys()]

    def good_keys(self) -> dict[bytes, Key]:
        if not self._answers:
            raise StoreUnavailableError("away")
        return self._answers.pop()


def test_a_known_key_is_found_without_the_database(database):
    database.prepare()
    store = CountingStore(database)
    ring = KeyRing(store)
    secret = store.create("desk", "editor", None, now_us=1)
    assert find(ring, secret) == find(ring, secret)
    assert store.reads == 1


class SlowStore(KeyStore):
    """A store that answers when it is told to."""

    def __init__(self) -> None:
        self.answers = threading.Event()
        self.is_asked = asyncio.Event()
        self.reads = 0
        self._loop = asyncio.get_running_loop()

    def good_keys(self) -> dict[bytes, Key]:
        self.reads += 1
        self._loop.call_soon_threadsafe(self.is_asked.set)
        assert self.answers.wait(PATIENCE_S)
        return {}


@pytest.mark.anyio
async def test_a_store_that_does_not_answer_holds_up_nobody_else_and_is_asked_once_for_all_who_wait():
    store = SlowStore()
    ring = KeyRing(store)
    first = asyncio.create_task(ring.find("unknown"))
    await store.is_asked.wait()  # the loop goes on meanwhile
    others = [asyncio.create_task(ring.find(f"unknown-{number}")) for number in range(20)]
    await asyncio.sleep(0)
    store.answers.set()
    assert await asyncio.gather(first, *others) == [None] * 21
    assert store.reads < 5  # who came while others waited shares what they get

"""The readers' port: answers of one moment, and waiting until the read models have come far enough."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from sqlite3 import OperationalError
from typing import Any

import pytest

from api.ports import ClaimFilter, PageWanted, Place, UnavailableError
from domain.reader import NOW
from projections.follower import Follower
from service.store.sqlite import LedgerApplication
from service.store.views import open_views, prepare_views
from service.views import SqliteViews
from tests.service.desk import NOON_US, PATIENCE_S, Desk
from tests.service.posting import CLAIM, deny, event_id, report

pytestmark = pytest.mark.anyio
NONE = ClaimFilter()


class World:
    """A ledger, its read models, and where they are read."""

    def __init__(self, application: LedgerApplication, folder: Path) -> None:
        ledger, views = folder / "ledger.db", folder / "views.db"
        prepare_views(views, ledger)
        self.desk = Desk(application.recorder)
        self.threads: set[str] = set()
        self.views_connection = open_views(views, ledger)
        self._follower = Follower(self.views_connection)
        self.views = SqliteViews(lambda: self._opened(views, ledger), lambda: NOON_US)

    def follow(self) -> None:
        self.views.moved_to(self._follower.step())

    def close(self) -> None:
        self.views.close()
        self.views_connection.close()

    def _opened(self, views: Path, ledger: Path) -> Any:
        self.threads.add(threading.current_thread().name)
        return open_views(views, ledger, read_only=True)


@pytest.fixture
def world(application: LedgerApplication, tmp_path: Path) -> Iterator[World]:
    world = World(application, tmp_path)
    with world.desk:
        yield world
    world.close()


def page(limit: int, after: Place | None = None) -> PageWanted:
    return PageWanted(sort="changed", limit=limit, after=after)


async def test_while_read_models_are_built_from_nothing_reads_wait_rather_than_tell_half(world):
    world.desk.receipts(report(), deny())
    builder = Follower(world.views_connection, batch_limit=1, build_from=1)
    assert builder.step() == 0
    with pytest.raises(UnavailableError, match="being made, with 2 of 2 events so far") as refused:
        await world.views.get_claim(CLAIM, 2, NOW)
    assert refused.value.retry_after_s == 5
    with pytest.raises(UnavailableError):
        await world.views.list_claims(NONE, 2, NOW, page(1000))
    assert builder.step() == 2
    assert await world.views.get_claim(CLAIM, 2, NOW) is not None


async def test_who_waits_for_what_is_there_does_not_wait(world):
    assert world.views.position == 0
    assert await world.views.wait_for(0, timeout_s=0)


async def test_who_waits_is_woken_by_the_position_or_one_beyond_it(world):
    async with asyncio.TaskGroup() as group:
        waiting = [group.create_task(world.views.wait_for(position, PATIENCE_S)) for position in (1, 2, 3)]
        await has_started(waiting)
        world.views.moved_to(2)
        assert await waiting[0]
        assert await waiting[1]
        assert not waiting[2].done()
        world.views.moved_to(9)
    assert waiting[2].result()
    assert world.views.position == 9


async def test_who_waits_too_long_is_told_so(world):
    assert not await world.views.wait_for(5, timeout_s=0.001)
    world.views.moved_to(5)
    assert await world.views.wait_for(5, timeout_s=0)


async def test_who_has_gone_away_is_not_woken(world):
    waiting = asyncio.create_task(world.views.wait_for(5, PATIENCE_S))
    await has_started([waiting])
    waiting.cancel()
    world.views.moved_to(5)
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def has_started(tasks: list[asyncio.Task[bool]]) -> None:
    """Let tasks run until they wait."""
    await asyncio.gather(*(yielded() for _ in tasks))


async def yielded() -> None:
    await asyncio.get_running_loop().run_in_executor(None, lambda: None)


async def test_a_claim_is_answered_as_the_read_models_have_it(world):
    world.desk.receipts(report())
    assert await world.views.get_claim(CLAIM, 0, NOW) is None
    world.follow()
    document = await world.views.get_claim(CLAIM, 0, NOW)
    assert json.loads(document.body)["standing"]["status"] == "reported"
    world.desk.receipts(deny())
    world.follow()
    changed = await world.views.get_claim(CLAIM, 0, NOW)
    assert json.loads(changed.body)["standing"]["status"] == "denied"
    assert changed.etag != document.etag


async def test_records_are_not_shown_before_the_read_models_know_who_may_read_them(world):
    world.desk.receipts(report(event_id=event_id(1)))
    world.follow()
    world.desk.receipts(deny(event_id=event_id(2), classification="confidential"))
    assert await world.views.get_record(event_id(2), 0) is None
    assert len(await world.views.list_events(0, 0, 10)) == 1
    assert len(await world.views.list_history(CLAIM, 0, NOW, 0, 10)) == 1
    assert json.loads((await world.views.get_summary(0, NOW)).body)["events"] == 1


async def test_a_record_and_its_bytes_are_those_of_the_ledger(world):
    world.desk.receipts(report(event_id=event_id(1)))
    world.follow()
    record = await world.views.get_record(event_id(1), 0)
    found = await world.views.get_bytes(event_id(1), 0)
    assert (record.position, record.version) == (1, 1)
    assert found.state == world.desk.appended[0].state
    assert found.state in record.body
    assert await world.views.get_bytes(event_id(2), 0) is None
    assert await world.views.get_record("no-uuid", 0) is None


async def test_pages_of_claims_are_the_list(world):
    world.desk.receipts(*[report(f"claim-{number}") for number in range(5)])
    world.follow()
    pages = [items async for items in all_pages(world.views, limit=2)]
    assert pages == [["claim-4", "claim-3"], ["claim-2", "claim-1"], ["claim-0"]]


async def all_pages(views: SqliteViews, limit: int) -> AsyncIterator[list[str]]:
    found = await views.list_claims(NONE, 0, NOW, page(limit))
    yield [json.loads(item)["claim_id"] for item in found.items]
    while found.next is not None:
        found = await views.list_claims(NONE, 0, NOW, page(limit, found.next))
        yield [json.loads(item)["claim_id"] for item in found.items]


async def test_the_history_of_a_claim_that_one_does_not_see_is_none(world):
    world.desk.receipts(report(classification="internal"))
    world.follow()
    assert await world.views.list_history(CLAIM, 0, NOW, 0, 10) is None
    assert len(await world.views.list_history(CLAIM, 1, NOW, 0, 10)) == 1


async def test_short_pages_are_read_on_the_loop_and_long_ones_in_threads(world):
    world.desk.receipts(*[report(f"claim-{number}") for number in range(150)])
    world.follow()
    short = await world.views.list_events(0, 0, 100)
    assert world.threads == {threading.current_thread().name}
    long = await world.views.list_events(0, 0, 1000)
    assert len(world.threads) == 2
    assert [record.body for record in long[:100]] == [record.body for record in short]
    assert len(long) == 150
    assert len((await world.views.list_claims(NONE, 0, NOW, page(150))).items) == 150
    assert len(await world.views.list_history("claim-7", 0, NOW, 0, 1000)) == 1


async def test_where_there_is_no_file_to_open_reads_are_refused_for_now_and_a_defect_is_not(world, tmp_path):
    world.desk.receipts(report())
    world.follow()
    assert len(await world.views.list_events(2, 0, 1)) == 1
    away = (tmp_path / "views.db").rename(tmp_path / "away.db")
    with pytest.raises(UnavailableError, match="the read models can not be read: unable to open database file"):
        await world.views.list_events(2, 0, 1000)
    away.rename(tmp_path / "views.db")
    assert len(await world.views.list_events(2, 0, 1000)) == 1
    with pytest.raises(OperationalError, match="no such table"):
        await world.views.look_up(lambda connection: connection.execute("SELECT * FROM claimz"))


async def test_a_read_that_fails_leaves_no_transaction(world):
    with pytest.raises(TypeError):
        await world.views.list_events(0, 0, None)
    assert await world.views.list_events(0, 0, 10) == []

"""Searching through the readers' port: pages that go on, in threads, and who reported what."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from api.ports import ClaimFilter, ClaimPage, PageWanted, Place, Sort
from domain.reader import NOW
from projections.follower import Follower
from projections.sources import Source
from service.store.sqlite import LedgerApplication
from service.store.views import open_views, prepare_views
from service.views import SqliteViews
from tests.service.desk import NOON_US, Desk
from tests.service.posting import deny, report

pytestmark = pytest.mark.anyio


@pytest.fixture
def views(application: LedgerApplication, tmp_path: Path) -> Iterator[SqliteViews]:
    """Five claims, of which one is denied."""
    ledger, path = tmp_path / "ledger.db", tmp_path / "views.db"
    prepare_views(path, ledger)
    with Desk(application.recorder) as desk:
        desk.receipts(*[report(f"claim-{number}") for number in range(5)], deny("claim-2"))
    with closing(open_views(path, ledger)) as connection:
        Follower(connection).step()
    views = SqliteViews(lambda: open_views(path, ledger, read_only=True), lambda: NOON_US)
    yield views
    views.close()


async def list_all(views: SqliteViews, sort: Sort, limit: int) -> list[list[str]]:
    """Return the claims of each page."""
    pages: list[list[str]] = []
    after: Place | None = None
    while not pages or after is not None:
        wanted = PageWanted(sort=sort, limit=limit, after=after)
        found = await views.list_claims(ClaimFilter(q="six officers"), 0, NOW, wanted)
        pages.append(ids_of(found))
        after = found.next
    return pages


def ids_of(page: ClaimPage) -> list[str]:
    return [json.loads(item)["claim_id"] for item in page.items]


@pytest.mark.parametrize("sort", ["rank", "changed", "created", "claim_id"])
async def test_pages_of_what_is_found_are_the_whole(views, sort):
    (whole,) = await list_all(views, sort, 10)
    assert sorted(whole) == [f"claim-{number}" for number in range(5)]
    assert await list_all(views, sort, 2) == [whole[:2], whole[2:4], whole[4:]]


async def test_what_was_found_is_marked(views):
    wanted = PageWanted(sort="rank", limit=10, after=None)
    found = await views.list_claims(ClaimFilter(q="officers", status="denied"), 0, NOW, wanted)
    assert (ids_of(found), found.snippets) == (["claim-2"], ["Six \ue000officers\ue001 were killed."])


async def test_of_near_claims_there_is_one_page(views):
    wanted = PageWanted(sort="rank", limit=2, after=None)
    near = await views.list_claims(ClaimFilter(similar_to="Six officers killed"), 0, NOW, wanted)
    assert (len(near.items), near.next) == (2, None)


async def test_sources_and_changes_are_read(views):
    first = await views.list_sources(0, None, 1)
    assert first.sources == [Source("speaker", "Kyiv Post", 5, 0, 0, 0)]
    rest = await views.list_sources(0, first.next, 1)
    assert (rest.sources, rest.next) == ([Source("speaker", "Moscow", 0, 1, 0, 0)], None)
    changes = await views.list_changes(2)
    assert [(change.claim_id, change.status) for change in changes] == [("claim-2", "denied"), ("claim-4", "reported")]

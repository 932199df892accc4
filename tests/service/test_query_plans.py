"""No read goes through a whole table: the plan of every query is looked at, as SQLite makes it."""

import asyncio
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from api.ports import ClaimFilter, PageWanted, Place
from domain.commands import Poster, RecordEvent
from domain.posting import read_posted
from domain.reader import NOW, Cut
from domain.times import parse_instant
from projections.follower import Follower
from projections.ledger import last_erasure
from projections.sources import Place as SourcePlace
from service.batch import ClaimCache, Decisions
from service.store.sqlite import LedgerApplication, prepare_ledger
from service.store.views import open_views, prepare_views
from service.views import SqliteViews

SEED = Path(__file__).parents[1] / "data" / "seed.ndjson"
NOW_US = parse_instant("2026-01-01T00:00:00Z")
EDITOR = Poster(name="desk", role="editor", audience=2)
CUTS = (NOW, Cut(position=20), Cut(known_us=NOW_US), Cut(valid_us=NOW_US))
FILTERS = (
    ClaimFilter(),
    ClaimFilter(status="denied"),
    ClaimFilter(contested=True),
    ClaimFilter(tag="north-korea"),
    ClaimFilter(tag="north-korea", status="denied", contested=True),
    ClaimFilter(speaker="Dmitry Peskov"),
    ClaimFilter(outlet="Kyiv Post", changed_after=3),
)
SEARCHES = (
    ClaimFilter(q="officers"),
    ClaimFilter(q='"six officers" kil*', status="denied", contested=True, tag="north-korea"),
    ClaimFilter(q="officers", speaker="Dmitry Peskov", outlet="Kyiv Post", changed_after=3),
)
# What a full-text index finds, or what was found already, at most so much of it; and the few rows of its settings.
FOUND = re.compile(
    r"SCAN (matches|scored|counted|b|\(subquery-\d+\)|main\.\w+_texts_config)"
    r"|SCAN \w+_texts VIRTUAL TABLE INDEX \d+:\S*M\d\S*"
)
RANKED = (
    PageWanted(sort="rank", limit=10, after=None),
    PageWanted(sort="rank", limit=10, after=Place(as_of=30, last=1)),
)


@pytest.fixture
def statements() -> list[str]:
    return []


@pytest.fixture
def views(tmp_path: Path, statements: list[str]) -> Iterator[SqliteViews]:
    ledger, path = prepare_ledger(tmp_path), tmp_path / "views.db"
    with LedgerApplication(ledger) as application, application.recorder.batch() as batch:
        decisions = Decisions(batch, ClaimCache(1000), NOW_US)
        for line in SEED.read_bytes().splitlines():
            outcome = decisions.decide_all([RecordEvent(event=read_posted(line), poster=EDITOR)])
            assert isinstance(outcome, tuple), outcome
        batch.append(decisions.appended)
    prepare_views(path, ledger)
    with closing(open_views(path, ledger)) as connection:
        assert Follower(connection).step() == 36

    def connect() -> sqlite3.Connection:
        connection = open_views(path, ledger, read_only=True)
        connection.set_trace_callback(statements.append)
        return connection

    reading = SqliteViews(connect, lambda: NOW_US)
    yield reading
    reading.close()


async def read_everything(views: SqliteViews) -> None:
    events = await views.list_events(0, 5, 10)
    assert events
    for cut in CUTS:
        await views.get_claim("nk-six-officers-killed", 0, cut)
        await views.list_history("nk-six-officers-killed", 0, cut, 1, 10)
        await views.get_summary(0, cut)
        for which in FILTERS:
            for page in pages():
                await views.list_claims(which, 0, cut, page)
    for audience in (0, 2):
        await views.list_claims(ClaimFilter(similar_to="Six officers were killed"), audience, NOW, RANKED[0])
        for which in SEARCHES:
            for page in (*RANKED, *pages()):
                await views.list_claims(which, audience, NOW, page)
        for place in (None, SourcePlace(1, "Kyiv Post", "outlet")):
            await views.list_sources(audience, place, 10)
    await views.list_changes(10)
    await views.get_record("e6270f15-eb2b-5dd9-be1c-226bf2186ee1", 0)
    await views.get_bytes("e6270f15-eb2b-5dd9-be1c-226bf2186ee1", 0)
    await views.list_ended_embargoes(NOW_US, 10)
    await views.next_embargo_end()


def pages() -> list[PageWanted]:
    return [
        PageWanted(sort="changed", limit=10, after=None),
        PageWanted(sort="changed", limit=10, after=Place(as_of=30, last=20)),
        PageWanted(sort="created", limit=10, after=None),
        PageWanted(sort="created", limit=10, after=Place(as_of=30, last=20)),
        PageWanted(sort="claim_id", limit=10, after=Place(as_of=30, last="nk")),
    ]


@pytest.mark.usefixtures("views")
def test_the_last_erasure_is_looked_up(tmp_path):
    statements: list[str] = []
    with closing(open_views(tmp_path / "views.db", tmp_path / "ledger.db")) as connection:
        connection.set_trace_callback(statements.append)
        assert last_erasure(connection) == 0
        plan = connection.execute(f"EXPLAIN QUERY PLAN {statements[0]}").fetchall()
    assert "INDEX stored_events_erasures" in plan[0][3]


@pytest.fixture
def plans(views: SqliteViews, statements: list[str], tmp_path: Path) -> dict[str, list[str]]:
    """Return how SQLite goes about each query of every read, which does not depend on how much there is."""
    asyncio.run(read_everything(views))
    with closing(open_views(tmp_path / "views.db", tmp_path / "ledger.db")) as connection:
        asked = {sql for sql in statements if sql.lstrip().upper().startswith(("SELECT", "WITH"))}
        return {sql: [detail for *_, detail in connection.execute(f"EXPLAIN QUERY PLAN {sql}")] for sql in asked}


def test_no_read_scans(plans):
    scans = {
        (sql, detail)
        for sql, details in plans.items()
        for detail in details
        if detail.startswith("SCAN") and "USING" not in detail and not FOUND.fullmatch(detail)
    }
    assert len(plans) > 30
    assert not scans


def test_no_page_of_a_list_sorts_all_that_its_filter_lets_pass(plans):
    lists = {sql: details for sql, details in plans.items() if "FROM timeline t" in sql and "claim_names" not in sql}
    sorting = {sql for sql, details in lists.items() if any("TEMP B-TREE" in detail for detail in details)}
    assert len(lists) > 10
    assert not sorting

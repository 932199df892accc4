"""One file of read models is current; a rebuild makes the next one, and who reads changes over."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from domain.reader import NOW
from projections.tracking import read_position
from service.rebuilding import rebuild
from service.store.generations import Generations, RebuildUnderWayError
from service.store.sqlite_whole import read_head
from service.succession import CurrentFollower
from service.views import SqliteViews
from tests.service.archives import followed, views_rows
from tests.service.desk import NOON_US, Desk
from tests.service.posting import CLAIM, deny, report


@pytest.fixture
def generations(desk: Desk, tmp_path: Path) -> Generations:
    desk.receipts(report(), deny(), report("another"))
    return Generations(tmp_path, tmp_path / "ledger.db")


class Reader:
    """The service's side: a follower of the current read models, and the views that it keeps fresh."""

    def __init__(self, generations: Generations) -> None:
        self.shown: list[str] = []
        self.before_showing: Callable[[], int] = lambda: 0
        self._generations = generations
        self.follower = CurrentFollower(generations, self._show)
        self.views = SqliteViews(generations.reader(self.follower.path), lambda: NOON_US)

    def close(self) -> None:
        self.views.close()
        self.follower.close()

    def _show(self, path: Path) -> None:
        self.before_showing()
        self.shown.append(path.name)
        self.views.reopen(self._generations.reader(path))


@pytest.fixture
def reader(generations: Generations) -> Iterator[Reader]:
    reader = Reader(generations)
    yield reader
    reader.close()


def make(generations: Generations, folder: Path) -> int:
    return rebuild(generations, lambda: read_head(folder / "ledger.db"), lambda *_: None)


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("views*.db"))


def test_the_first_file_is_current_until_another_is_published(generations, tmp_path):
    assert (generations.current().name, generations.next().name) == ("views.db", "views-2.db")
    assert make(generations, tmp_path) == 3
    assert (generations.current().name, generations.next().name) == ("views-2.db", "views-3.db")


def test_who_is_overtaken_by_the_next_rebuild_keeps_what_is_followed(generations, reader, tmp_path):
    make(generations, tmp_path)
    reader.before_showing = lambda: make(generations, tmp_path)
    reader.follower.step()
    assert files(tmp_path) == ["views-2.db", "views-3.db"]
    assert reader.views.read_here(read_position) == 3
    reader.before_showing = lambda: 0
    reader.follower.step()
    assert (reader.shown, files(tmp_path)) == (["views-2.db", "views-3.db"], ["views-3.db"])


@pytest.mark.parametrize("content", ["", "no-such-thing\n", "../../etc/passwd\n"])
def test_a_pointer_to_nothing_of_ours_means_the_first_file(generations, tmp_path, content):
    (tmp_path / "views.current").write_text(content)
    assert generations.current() == tmp_path / "views.db"


def test_rows_made_anew_are_those_of_following(generations, reader, tmp_path):
    reader.follower.step()
    before = views_rows(generations, tmp_path / "views.db")
    make(generations, tmp_path)
    assert views_rows(generations, tmp_path / "views-2.db") == before


def test_a_rebuild_tells_how_far_it_is(generations, tmp_path):
    told: list[tuple[int, int]] = []
    rebuild(generations, lambda: read_head(tmp_path / "ledger.db"), lambda *now: told.append(now))
    assert told == [(3, 3)]


def test_a_rebuild_goes_on_until_it_has_what_was_appended_meanwhile(generations, desk, tmp_path):
    def append_more(_: int, of: int) -> None:
        if of == 3:
            desk.receipts(deny(), deny())

    assert rebuild(generations, lambda: read_head(tmp_path / "ledger.db"), append_more) == 5


def test_a_rebuild_that_was_killed_goes_on_where_it_was(generations, desk, tmp_path):
    def die(*_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rebuild(generations, lambda: 3, die)
    assert generations.current().name == "views.db"
    desk.receipts(deny())
    with closing(sqlite3.connect(tmp_path / "views-2.db")) as half:
        assert read_position(half) == 3
        half.execute("CREATE TABLE seen_before (mark TEXT)")
    assert make(generations, tmp_path) == 4
    with closing(sqlite3.connect(tmp_path / "views-2.db")) as whole:
        assert read_position(whole) == 4
        whole.execute("DROP TABLE seen_before")
    expected = followed(generations, tmp_path / "expected.db")
    assert views_rows(generations, tmp_path / "views-2.db") == views_rows(generations, expected)


def test_two_do_not_rebuild_at_once(generations, tmp_path):
    with generations.rebuilding(), pytest.raises(RebuildUnderWayError, match="another rebuild is under way"):
        make(generations, tmp_path)
    assert make(generations, tmp_path) == 3


async def read_version(reader: Reader) -> bytes:
    document = await reader.views.get_claim(CLAIM, 2, NOW)
    assert document is not None
    return document.body


@pytest.mark.anyio
async def test_readers_change_over_with_the_follower_and_never_go_back(generations, reader, desk, tmp_path):
    assert reader.follower.step() == 3
    make(generations, tmp_path)
    desk.receipts(deny(), deny())
    # What has been shown was at most what the old read models had.
    with closing(generations.open(tmp_path / "views-2.db", read_only=True)) as connection:
        assert read_position(connection) == 3
    assert b'"version":2' in await read_version(reader)
    assert reader.shown == []
    assert reader.follower.step() == 5
    assert reader.shown == ["views-2.db"]
    assert b'"version":4' in await read_version(reader)
    assert files(tmp_path) == ["views-2.db"]


@pytest.mark.anyio
async def test_new_read_models_that_are_behind_catch_up_before_anyone_sees_them(generations, reader, desk, tmp_path):
    make(generations, tmp_path)
    (tmp_path / "views.current").unlink()
    desk.receipts(deny())
    assert reader.follower.step() == 4
    position_when_shown: list[int] = []

    def show(path: Path) -> None:
        with closing(generations.open(path, read_only=True)) as connection:
            position_when_shown.append(read_position(connection))

    behind = CurrentFollower(generations, show)
    behind.step()
    generations.publish(tmp_path / "views-2.db")
    behind.step()
    behind.close()
    assert position_when_shown == [4]


@pytest.mark.anyio
async def test_every_thread_that_reads_changes_over(generations, reader, tmp_path):
    reader.follower.step()
    before = await reader.views.list_events(2, 0, 1000)
    make(generations, tmp_path)
    reader.follower.step()
    for _ in range(8):
        assert await reader.views.list_events(2, 0, 1000) == before
    assert files(tmp_path) == ["views-2.db"]


def test_read_models_of_another_release_are_passed_over(generations, reader, desk, tmp_path):
    make(generations, tmp_path)
    with closing(sqlite3.connect(tmp_path / "views-2.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA user_version = 7")
    desk.receipts(deny())
    assert [reader.follower.step(), reader.follower.step()] == [4, 4]
    assert reader.shown == []
    assert files(tmp_path) == ["views-2.db", "views.db"]


def test_a_start_removes_what_is_left_of_former_ones_but_not_what_is_half_made(generations, tmp_path):
    make(generations, tmp_path)
    for name in ("views.db", "views-3.db", "views-9.db", "views-9.db-wal", "viewsofmine.db"):
        (tmp_path / name).write_bytes(b"")
    CurrentFollower(generations, lambda _: None).close()
    assert files(tmp_path) == ["views-2.db", "views-3.db", "viewsofmine.db"]
    assert not (tmp_path / "views-9.db-wal").exists()


def test_what_was_made_from_another_ledger_goes_and_what_is_empty_stays(generations, tmp_path):
    followed(generations, tmp_path / "views.db")
    generations.prepare(tmp_path / "views-2.db")
    (tmp_path / "views-3.db").write_bytes(b"This is no database.")
    generations.remove_foreign()
    assert files(tmp_path) == ["views-2.db"]

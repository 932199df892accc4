"""What was erased is in no file of the data directory when it is said to be done, whoever reads, builds or dies."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random

import pytest

from service.rebuilding import rebuild
from service.store.generations import Generations
from service.store.sqlite import LedgerApplication
from service.store.sqlite_whole import open_snapshot, read_head
from service.succession import CurrentFollower
from tests.service.archives import contents, followed, make_archive, restore_archive, views_rows
from tests.service.desk import Desk
from tests.service.posting import command, correct, erase, event_id, report, retract

EVENTS = 150


def marker(number: int) -> str:
    return f"<{number:05d}>"


def tale(number: int, random: Random) -> str:
    """Return a text that tells of its event in every stretch of a few bytes."""
    return marker(number) * random.choice((1, 4, 20, 60, 150, 280))


def fill(desk: Desk, service: "Service", random: Random) -> dict[int, str]:
    """Record claims with texts, tags and names of all lengths, and correct them to others, so that rows move about.

    Returns the claims by the number of their event.
    """
    claims: dict[int, str] = {}
    for number in range(1, EVENTS + 1):
        claim = {"text": tale(number, random), "tags": [marker(number)]}
        said = {"claim": claim, "speaker": {"name": tale(number, random)[:200]}}
        (receipt,) = desk.receipts(command("ClaimReported", said, None, event_id=event_id(number)))
        claims[number] = receipt.claim_id
        for earlier in random.choices(range(1, number + 1), k=2):
            patch = {"data": {"claim": {"text": tale(earlier, random) + str(random.random())}}}
            about = {"target_event_id": event_id(earlier), "patch": patch, "reason": "because", "reason_kind": "typo"}
            desk.receipts(command("EventCorrected", about, claims[earlier]))
        if number % 5 == 0:
            service.follower.step()
    return claims


def found_in(folder: Path) -> set[int]:
    """Return the numbers of the events of which any file holds a piece."""
    content = b"\0".join(path.read_bytes() for path in sorted(folder.iterdir()))
    return {number for number in range(1, EVENTS + 1) if marker(number).encode() in content}


class Service:
    """The parts that write the files, without HTTP."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.generations = Generations(folder, folder / "ledger.db")
        self.done: list[int] = []
        self.shown: list[Path] = []
        self.follower = CurrentFollower(self.generations, self.shown.append, self.done.append)

    def step(self, times: int = 3) -> int:
        """Follow to the end and finish what there is to finish; return up to where erasures are done."""
        for _ in range(times):
            self.follower.step()
        return self.done[-1]


@pytest.fixture
def service(application: LedgerApplication, tmp_path: Path) -> Iterator[Service]:  # noqa: ARG001  # it makes the ledger
    service = Service(tmp_path)
    yield service
    service.follower.close()


@contextmanager
def killed(folder: Path, into: Path) -> Iterator[Service]:
    """Yield a service that starts with the files as one leaves them that is killed now."""
    shutil.copytree(folder, into)
    service = Service(into)
    try:
        yield service
    finally:
        service.follower.close()


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Read a file as it is now for as long as this lasts."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        connection.execute("SELECT * FROM sqlite_master").fetchone()
        yield


def small(desk: Desk) -> None:
    desk.receipts(report(event_id=event_id(1), text=marker(1)), report("another", event_id=event_id(2)))


def test_half_of_all_is_erased_one_by_one_and_no_file_holds_a_piece_of_it(service, desk, tmp_path):
    random = Random(1)  # without compaction three of them would be left
    claims = fill(desk, service, random)
    service.step()
    left = set(claims)
    assert found_in(tmp_path) == left
    for number in random.sample(sorted(left), EVENTS // 2):
        desk.receipts(erase(event_id(number), claims[number]))
        left.discard(number)
        service.follower.step()
    assert service.step() == len(desk.appended)
    assert found_in(tmp_path) == left
    expected = followed(service.generations, tmp_path / "expected.db")
    rows, again = (views_rows(service.generations, path) for path in (service.follower.path, expected))
    assert {**rows, "scrubbed": []} == {**again, "scrubbed": []}


def test_whoever_dies_between_the_steps_finishes_when_it_starts_again(service, desk, tmp_path):
    small(desk)
    service.step()
    desk.receipts(correct(event_id(1), note=marker(1)), erase(event_id(1)))
    with killed(tmp_path, tmp_path.with_name("committed")) as started:
        assert found_in(started.folder) == {1}
        assert started.done == [0]
        assert started.step() == 5
        assert found_in(started.folder) == set()
    service.step(1)
    with killed(tmp_path, tmp_path.with_name("followed")) as started:
        assert started.step(2) == 5
        assert found_in(started.folder) == set()
    with reading(tmp_path / "ledger.db"):
        assert service.step() == 0
        with killed(tmp_path, tmp_path.with_name("compacted")) as started:
            assert started.step(2) == 5
            assert found_in(started.folder) == set()
    assert service.step() == 5
    with killed(tmp_path, tmp_path.with_name("done")) as started:
        assert started.done == [5]


@pytest.mark.parametrize("name", ["ledger.db", "views.db"])
def test_it_is_not_done_while_somebody_reads_an_older_state(service, desk, tmp_path, name):
    small(desk)
    service.step()
    with reading(tmp_path / name):
        desk.receipts(erase(event_id(1)))
        assert service.step() == 0
        desk.receipts(report())  # who writes gets a turn
        assert service.step() == 0
    assert service.step() == 3
    assert found_in(tmp_path) == set()


def test_a_backup_under_way_is_waited_for(service, desk, tmp_path):
    small(desk)
    service.step()
    with open_snapshot(tmp_path / "ledger.db") as snapshot:
        desk.receipts(erase(event_id(1)))
        assert service.step() == 0
        assert [row.tombstone for row in snapshot.read_events()] == [None, None]
    assert service.step() == 3


def test_a_half_made_file_of_a_rebuild_that_was_killed_goes(service, desk, tmp_path):
    def die(*_: int) -> None:
        raise KeyboardInterrupt

    small(desk)
    service.step()
    with pytest.raises(KeyboardInterrupt):
        rebuild(service.generations, lambda: 2, die)
    desk.receipts(erase(event_id(1)))
    assert (tmp_path / "views-2.db").exists()
    assert service.step() == 3
    assert found_in(tmp_path) == set()
    assert not (tmp_path / "views-2.db").exists()


def test_a_rebuild_under_way_is_waited_for_and_what_it_made_is_scrubbed_too(service, desk, tmp_path):
    small(desk)
    service.step()
    done: list[int] = []

    def erase_meanwhile(_: int, of: int) -> None:
        if of == 2:
            desk.receipts(erase(event_id(1)))
            done.append(service.step())

    rebuild(service.generations, lambda: read_head(tmp_path / "ledger.db"), erase_meanwhile)
    assert done == [0]
    assert service.step() == 3
    assert service.follower.path.name == "views-2.db"
    assert found_in(tmp_path) == set()


def test_read_models_that_another_release_has_made_ready_go(service, desk, tmp_path):
    small(desk)
    service.step()
    rebuild(service.generations, lambda: 2, lambda *_: None)
    with closing(sqlite3.connect(tmp_path / "views-2.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA user_version = 7")
    desk.receipts(erase(event_id(1)))
    assert service.step() == 3
    assert found_in(tmp_path) == set()
    assert service.shown == []
    assert service.follower.step() == 3


def test_read_models_made_after_an_erasure_have_nothing_to_be_scrubbed(desk, tmp_path):
    small(desk)
    desk.receipts(erase(event_id(1)))
    service = Service(tmp_path)
    assert service.done == [3]
    assert service.step() == 3
    service.follower.close()


def test_an_archive_of_what_is_left_is_restored_byte_for_byte(service, desk, tmp_path):
    small(desk)
    desk.receipts(correct(event_id(1)), retract(event_id(1)), erase(event_id(1)))
    assert service.step() == 6
    made = make_archive(tmp_path / "ledger.db", tmp_path / "archive")
    assert (made.events, made.erased) == (6, 2)
    restored = restore_archive(tmp_path / "archive", tmp_path / "restored")
    assert contents(restored) == contents(tmp_path / "ledger.db")
    again = Service(tmp_path / "restored")
    assert again.done == [6]
    again.follower.step()
    rows = [views_rows(each.generations, each.follower.path) for each in (service, again)]
    assert rows[0] == rows[1]
    again.follower.close()


class FullDisk(Generations):
    """Has no room to empty the logs, as long as it is told so."""

    is_full = True

    def empty_logs(self, path: Path) -> bool:
        if self.is_full:
            raise sqlite3.OperationalError("database or disk is full")
        return super().empty_logs(path)


def test_a_full_disk_keeps_nobody_from_following_and_is_tried_again(desk, tmp_path):
    generations = FullDisk(tmp_path, tmp_path / "ledger.db")
    done: list[int] = []
    follower = CurrentFollower(generations, lambda _: None, done.append)
    small(desk)
    desk.receipts(erase(event_id(1)))
    assert [follower.step(), follower.step()] == [3, 3]
    desk.receipts(report())
    assert follower.step() == 4
    assert done == [0]
    generations.is_full = False
    follower.step()
    follower.close()
    assert done == [0, 3]
    assert found_in(tmp_path) == set()

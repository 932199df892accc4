"""An archive holds a ledger as it is at one moment, whole or not at all, and a foreigner can read it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from hashlib import sha256
from pathlib import Path

import pytest

from service.archive.backup import backup
from service.archive.errors import ArchiveError, DamagedError
from service.store.records import StoreUnavailableError
from service.store.sqlite import LedgerApplication, prepare_ledger
from service.store.sqlite_whole import open_snapshot
from service.store.whole import Snapshot
from tests.service.archives import EMPTY, GOLDEN, contents, golden_ledger, make_archive, restore_archive, tampered
from tests.service.desk import NOON_US, Desk
from tests.service.posting import deny, report

FILES = ["events.ndjson", "keys.ndjson", "log.ndjson", "manifest.json"]


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    golden_ledger(tmp_path / "data")
    return prepare_ledger(tmp_path / "data")


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_what_was_backed_up_is_restored_byte_for_byte(ledger, tmp_path):
    made = make_archive(ledger, tmp_path / "archive")
    restored = restore_archive(tmp_path / "archive", tmp_path / "restored")
    assert contents(restored) == contents(ledger)
    assert make_archive(restored, tmp_path / "again") == made
    assert files(tmp_path / "again") == files(tmp_path / "archive")


def test_an_empty_ledger_is_backed_up_and_restored(tmp_path):
    made = make_archive(prepare_ledger(tmp_path / "data"), tmp_path / "archive")
    assert (made.events, made.keys, made.last_position, made.last_recorded_at) == (0, 0, 0, None)
    restored = restore_archive(tmp_path / "archive", tmp_path / "restored")
    assert contents(restored) == EMPTY


def test_a_foreigner_reads_it_with_nothing_but_json_and_sha_256(ledger, tmp_path):
    make_archive(ledger, tmp_path / "archive")
    manifest = json.loads((tmp_path / "archive" / "manifest.json").read_bytes())
    for name, summary in manifest["files"].items():
        content = (tmp_path / "archive" / name).read_bytes()
        assert (len(content), sha256(content).hexdigest()) == (summary["size_bytes"], summary["sha256"])
    running = bytes(32)
    lines = (tmp_path / "archive" / "events.ndjson").read_bytes().splitlines()
    for position, line in enumerate(lines, start=1):
        record = json.loads(line)
        assert record["position"] == position
        if record["tombstone"] is None:
            event = line[line.index(b'"event":') + 8 : -len(b',"tombstone":null}')]
            assert sha256(event).hexdigest() == record["event_sha256"]
            assert json.loads(event) == record["event"]
        running = sha256(running + bytes.fromhex(record["event_sha256"])).digest()
    assert (len(lines), running.hex()) == (manifest["events"], manifest["running_digest"])


def test_no_secret_of_a_key_and_no_erased_text_is_in_it(ledger, tmp_path):
    make_archive(ledger, tmp_path / "archive")
    everything = b"".join(files(tmp_path / "archive").values())
    assert b"onrecord_" not in everything
    assert b"Somebody did it." not in everything


def test_only_its_owner_reads_it(ledger, tmp_path):
    (tmp_path / "archive").mkdir(mode=0o755)
    make_archive(ledger, tmp_path / "archive")
    assert [path.stat().st_mode & 0o077 for path in (tmp_path / "archive").iterdir()] == [0, 0, 0, 0]


def test_it_is_of_one_moment_whatever_is_appended_meanwhile(application: LedgerApplication, tmp_path: Path):
    with Desk(application.recorder) as desk:
        desk.receipts(report(), deny())

        @contextmanager
        def busy_ledger() -> Iterator[Snapshot]:
            with open_snapshot(tmp_path / "ledger.db") as snapshot:
                desk.receipts(deny(), deny())
                yield snapshot

        made = backup(busy_ledger, tmp_path / "archive", NOON_US, lambda *_: None)
    assert made.events == 2
    restored = contents(restore_archive(tmp_path / "archive", tmp_path / "restored"))
    assert restored["stored_events"] == contents(tmp_path / "ledger.db")["stored_events"][:2]


def test_the_progress_goes_up_to_the_last_event(application: LedgerApplication, tmp_path: Path):
    with Desk(application.recorder) as desk:
        desk.receipts(report(), *(deny() for _ in range(1200)))
    told: list[tuple[int, int]] = []
    backup(partial(open_snapshot, tmp_path / "ledger.db"), tmp_path / "a", NOON_US, lambda *now: told.append(now))
    assert told == [(500, 1201), (1000, 1201), (1201, 1201)]


def test_a_folder_that_has_something_in_it_is_left_alone(ledger, tmp_path):
    (tmp_path / "archive").mkdir()
    (tmp_path / "archive" / "holiday.jpg").write_bytes(b"sun")
    with pytest.raises(ArchiveError, match="is not empty"):
        make_archive(ledger, tmp_path / "archive")
    assert files(tmp_path / "archive") == {"holiday.jpg": b"sun"}


def test_what_a_killed_backup_has_left_is_written_anew(ledger, tmp_path):
    (tmp_path / "archive").mkdir()
    (tmp_path / "archive" / "events.ndjson.partial").write_bytes(b"half a li")
    make_archive(ledger, tmp_path / "archive")
    assert sorted(files(tmp_path / "archive")) == FILES


def test_a_backup_that_fails_leaves_nothing(ledger, tmp_path):
    def fail(*_: int) -> None:
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space left"):
        backup(partial(open_snapshot, ledger), tmp_path / "archive", NOON_US, fail)
    assert files(tmp_path / "archive") == {}


def test_without_a_ledger_there_is_no_backup(tmp_path):
    with pytest.raises(StoreUnavailableError, match="can not be read"):
        make_archive(tmp_path / "ledger.db", tmp_path / "archive")


@pytest.mark.parametrize(
    ("statement", "place", "what"),
    [
        (
            "UPDATE stored_events SET state = CAST(replace(state, 'Six', 'Two') AS BLOB) WHERE position = 1",
            1,
            "SHA-256",
        ),
        ("UPDATE stored_events SET state = X'7B7D' WHERE position = 2", 2, "schema_version None"),
        ("UPDATE stored_events SET state = X'FF' WHERE position = 2", 2, "cut short"),
        ("UPDATE stored_events SET state = NULL WHERE position = 3", 3, "neither an event nor"),
        ("UPDATE stored_events SET tombstone = '{}' WHERE position = 3", 3, "not what an erased event leaves"),
        ("UPDATE stored_events SET recorded_us = recorded_us + 1 WHERE position = 4", 4, "the columns of the row"),
        ("UPDATE stored_events SET topic = 'ClaimDenied' WHERE position = 5", 5, "the columns of the row"),
        ("UPDATE stored_events SET event_id = zeroblob(16) WHERE position = 6", 6, "the columns of the row"),
        ("DELETE FROM stored_events WHERE position = 7", 8, "position 7 is expected here, not 8"),
    ],
)
def test_a_ledger_that_contradicts_itself_is_found_out(ledger, tmp_path, statement, place, what):
    with pytest.raises(DamagedError, match=what) as caught:
        make_archive(tampered(ledger, statement), tmp_path / "archive")
    assert (caught.value.damage.file, caught.value.damage.position) == ("the ledger", place)
    assert files(tmp_path / "archive") == {}


def test_the_archive_of_the_first_format_is_what_is_written_today(ledger, tmp_path):
    make_archive(ledger, tmp_path / "archive")
    for name in FILES[:2]:
        assert (tmp_path / "archive" / name).read_bytes() == (GOLDEN / "archive" / name).read_bytes()

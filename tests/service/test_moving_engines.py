"""An archive is the same whichever engine it was made from, and goes into either."""

import asyncio
import json
from pathlib import Path

import pytest

from service.archive.backup import backup
from service.archive.errors import DamagedError
from service.archive.restore import read_manifest, restore
from service.keys import KeyRing, KeyStore
from service.store.databases import LedgerDatabase, PostgresLedger, SqliteLedger
from service.store.whole import NotEmptyError
from tests.service.archives import AUDITOR_KEY, GOLDEN
from tests.service.desk import BOTH, NOON_US, Desk, opened, stored
from tests.service.posting import deny, report

ENGINES = BOTH
ARCHIVE = GOLDEN / "archive"


def restored(database: LedgerDatabase, archive: Path = ARCHIVE) -> LedgerDatabase:
    database.prepare()
    restore(database.empty, archive, read_manifest(archive), lambda *_: None)
    return database


def backed_up(database: LedgerDatabase, folder: Path) -> dict[str, bytes]:
    """Back up a ledger, and return its files; of the manifest what does not tell of its making."""
    backup(database.snapshot, folder, NOON_US, lambda *_: None)
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    manifest = json.loads(files.pop("manifest.json"))
    said = {name: manifest[name] for name in ("events", "erased", "keys", "running_digest", "files")}
    return {**files, "manifest": json.dumps(said).encode()}


def test_a_ledger_goes_to_the_other_engine_and_back_byte_for_byte(tmp_path, postgres_url):
    sqlite = restored(SqliteLedger(tmp_path / "first"))
    first = backed_up(sqlite, tmp_path / "a")
    elsewhere = restored(PostgresLedger(postgres_url), tmp_path / "a")
    assert backed_up(elsewhere, tmp_path / "b") == first
    back = restored(SqliteLedger(tmp_path / "last"), tmp_path / "b")
    assert backed_up(back, tmp_path / "c") == first
    assert read_manifest(tmp_path / "b").engine == "postgres"


def test_a_restored_ledger_goes_on_with_its_keys(database):
    with opened(restored(database)) as application, Desk(application.recorder) as desk:
        (receipt,) = desk.receipts(deny())
    assert (receipt.position, receipt.claim_version) == (17, 11)
    found = asyncio.run(KeyRing(KeyStore(database.tables)).find(AUDITOR_KEY))
    assert found is not None
    assert found.name == "auditor"
    assert database.head() == 17


def test_a_long_ledger_is_moved_whole(database, tmp_path, postgres_url):
    with opened(database) as application, Desk(application.recorder) as desk:
        desk.receipts(report(), *(deny() for _ in range(1500)), report("another"))
        before = stored(application)
    backed_up(database, tmp_path / "archive")
    target = restored(
        PostgresLedger(postgres_url) if isinstance(database, SqliteLedger) else SqliteLedger(tmp_path / "to"),
        tmp_path / "archive",
    )
    with opened(target) as application:
        assert stored(application) == before


def test_what_is_appended_meanwhile_is_not_in_it(database):
    with opened(database) as application, Desk(application.recorder) as desk:
        desk.receipts(report())
        with database.snapshot() as snapshot:
            desk.receipts(deny())
            assert snapshot.head == 1
            assert [event.position for event in snapshot.read_events()] == [1]


def test_a_ledger_that_has_events_is_left_alone(database):
    with opened(database) as application, Desk(application.recorder) as desk:
        desk.receipts(report())
        with pytest.raises(NotEmptyError, match="1 events and 0 keys"):
            restored(database)
        assert len(stored(application)) == 1


@pytest.mark.parametrize("name", ["events.ndjson", "keys.ndjson"])
def test_what_the_database_refuses_is_a_damaged_archive(database, tmp_path, name):
    archive = twice_the_same(tmp_path / "archive", name)
    with pytest.raises(DamagedError, match=name):
        restored(database, archive)
    assert database.head() == 0


def twice_the_same(archive: Path, name: str) -> Path:
    """Return an archive with an event id or a key that stands in it twice, and nothing else wrong."""
    archive.mkdir()
    for path in ARCHIVE.iterdir():
        (archive / path.name).write_bytes(path.read_bytes())
    lines = (archive / name).read_bytes().splitlines(keepends=True)
    lines.insert(1, lines[0])
    (archive / name).write_bytes(b"".join(lines))
    return archive

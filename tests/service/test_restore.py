"""An archive is restored whole into an empty ledger, or refused with the place of the damage."""

import asyncio
import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.encoding import canonical_json
from service.archive.errors import ArchiveError, DamagedError
from service.archive.restore import read_manifest
from service.keys import KeyRing, KeyStore
from service.store.databases import SqliteLedger
from service.store.records import StoreUnavailableError
from service.store.sqlite import LedgerApplication
from service.store.whole import NotEmptyError
from tests.service.archives import AUDITOR_KEY, EMPTY, GOLDEN, contents, golden_archive, golden_ledger, restore_archive
from tests.service.desk import NOON_US, Desk, opened
from tests.service.posting import deny, report

Change = Callable[[list[bytes]], object]


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return golden_archive(tmp_path / "archive")


def refusal(archive: Path, data_dir: Path) -> str:
    """Return why an archive is refused; the ledger has to stay empty."""
    with pytest.raises(DamagedError) as caught:
        restore_archive(archive, data_dir)
    assert contents(data_dir / "ledger.db") == EMPTY
    return str(caught.value)


def change(archive: Path, name: str, edit: Change) -> None:
    lines = (archive / name).read_bytes().splitlines(keepends=True)
    edit(lines)
    (archive / name).write_bytes(b"".join(lines))


def edited(number: int, old: bytes, new: bytes) -> Change:
    """Replace a text in a line, counted from 1."""

    def edit(lines: list[bytes]) -> None:
        assert old in lines[number - 1]
        lines[number - 1] = lines[number - 1].replace(old, new, 1)

    return edit


def forged(number: int, old: bytes, new: bytes) -> Change:
    """Replace a text in an event, and have its digest fit."""

    def edit(lines: list[bytes]) -> None:
        edited(number, old, new)(lines)
        line = lines[number - 1]
        event = line[line.index(b'"event":') + 8 : line.rindex(b',"tombstone"')]
        digest = json.loads(line)["event_sha256"]
        lines[number - 1] = line.replace(digest.encode(), sha256(event).hexdigest().encode(), 1)

    return edit


def seal(archive: Path) -> None:
    """Have the manifest tell of the files as they are now, as a forger would."""
    manifest = json.loads((archive / "manifest.json").read_bytes())
    for name in manifest["files"]:
        content = (archive / name).read_bytes()
        manifest["files"][name] = {"size_bytes": len(content), "sha256": sha256(content).hexdigest()}
    (archive / "manifest.json").write_bytes(canonical_json(manifest))


def test_the_golden_archive_is_restored_with_its_keys(tmp_path):
    ledger = restore_archive(GOLDEN / "archive", tmp_path / "restored")
    golden_ledger(tmp_path / "data")
    SqliteLedger(tmp_path / "data").prepare()
    assert contents(ledger) == contents(tmp_path / "data" / "ledger.db")
    ring = KeyRing(KeyStore(SqliteLedger(tmp_path / "restored").tables))
    found = asyncio.run(ring.find(AUDITOR_KEY))
    assert found is not None
    assert (found.name, found.role, found.audience) == ("auditor", "auditor", 2)
    assert asyncio.run(ring.find("onrecord_a-key-that-was-revoked-long-ago")) is None


def test_a_restored_ledger_goes_on(tmp_path):
    ledger = restore_archive(GOLDEN / "archive", tmp_path)
    with opened(tmp_path) as application, Desk(application.recorder) as desk:
        (receipt,) = desk.receipts(deny())
    assert (receipt.position, receipt.claim_version) == (17, 11)
    assert len(contents(ledger)["stored_events"]) == 17


@pytest.mark.parametrize(
    ("name", "edit", "message"),
    [
        ("events.ndjson", edited(3, b"BBC", b"ABC"), "line 3, position 3: the SHA-256 of the event's bytes"),
        ("events.ndjson", edited(3, b'_sha256":"', b'_sha256":"0'), "line 3, position 3: this is not the line"),
        ("events.ndjson", edited(4, b'"position":4', b'"position":5'), "line 4, position 4: position 4 is expected"),
        ("events.ndjson", edited(4, b'"data":', b'"data": '), "line 4, position 4: the event is not in its canonical"),
        ("events.ndjson", edited(4, b'"data":{', b'"data":{"a":1.5,'), "line 4, position 4: 1.5 is no number"),
        ("events.ndjson", lambda lines: lines.pop(6), "line 7, position 7: position 7 is expected here, not 8"),
        ("events.ndjson", lambda lines: lines.insert(6, lines[5]), "line 7, position 7: position 7 is expected"),
        ("events.ndjson", lambda lines: lines.__setitem__(8, lines[8][:40]), "line 9, position 9: this is not"),
        ("events.ndjson", lambda lines: lines.__setitem__(8, lines[8][:-1]), "line 9, position 9: Extra data"),
        ("events.ndjson", lambda lines: lines.__setitem__(15, lines[15][:-9]), "line 16, position 16: the line is"),
        ("events.ndjson", lambda lines: lines.pop(), "line 15: it ends here with"),
        ("events.ndjson", lambda lines: lines.append(b"\n"), "line 17, position 17: this is not the line"),
        ("events.ndjson", edited(15, b'"classification":"public"', b'"classification":"secret"'), "its SHA-256 is not"),
        ("events.ndjson", edited(15, b'"claim_version":1', b'"claim_version":2'), "line 15, position 15: version 1 of"),
        ("events.ndjson", edited(15, b'"type"', b'"kind"'), "line 15, position 15: this is not what"),
        ("events.ndjson", forged(1, b"Kyiv Post", b"Kyiv Past"), "line 2, position 2: `previous` is not the digest"),
        ("events.ndjson", forged(3, b"12:00:03", b"11:00:03"), "line 3, position 3: the event was recorded earlier"),
        (
            "events.ndjson",
            forged(9, b'"schema_version":1', b'"schema_version":2'),
            "has schema_version 2, this release",
        ),
        ("events.ndjson", forged(9, b'"ClaimLinked"', b'"ClaimUnheard"'), "line 9, position 9: "),
        (
            "events.ndjson",
            forged(7, b'"claim_version":1', b'"claim_version":2'),
            "version 1 of claim ship-sunk does not",
        ),
        ("events.ndjson", forged(2, b'"event_id":"', b'"event_id":"z'), "line 2, position 2: "),
        ("keys.ndjson", edited(2, b'"reporter"', b'"publisher"'), "keys.ndjson, line 2: role: "),
        ("keys.ndjson", edited(2, b"old-desk", b"new-desk"), "keys.ndjson: its SHA-256 is not the one in the manifest"),
        ("keys.ndjson", lambda lines: lines.__setitem__(1, lines[0]), "keys.ndjson, line 2: UNIQUE constraint"),
        ("keys.ndjson", lambda lines: lines.pop(), "keys.ndjson, line 1: it ends here"),
        (
            "manifest.json",
            edited(1, b'"events":16', b'"events":17'),
            "manifest.json: it does not tell of the 16 events",
        ),
        ("manifest.json", edited(1, b'"keys":2', b'"keys":3'), "manifest.json: it tells of 3 keys, keys.ndjson has 2"),
        ("manifest.json", edited(1, b'"running_digest":"1', b'"running_digest":"2'), "manifest.json: it does not tell"),
        ("manifest.json", edited(1, b'"erased":1', b'"erased":"1"'), "manifest.json: erased: "),
        ("manifest.json", edited(1, b"{", b""), "manifest.json: : Invalid JSON"),
    ],
)
def test_a_damaged_archive_is_refused_with_the_place_of_the_damage(archive, tmp_path, name, edit, message):
    change(archive, name, edit)
    told = refusal(archive, tmp_path / "restored")
    assert told.startswith(name)
    assert message in told


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(("events.ndjson", "keys.ndjson")), data=st.data())
def test_a_flipped_bit_anywhere_is_found(tmp_path_factory, name, data):
    folder = tmp_path_factory.mktemp("flipped")
    archive = golden_archive(folder / "archive")
    content = bytearray((archive / name).read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    (archive / name).write_bytes(content)
    assert refusal(archive, folder / "restored").startswith(name)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(("events.ndjson", "keys.ndjson")), data=st.data())
def test_a_file_that_was_cut_short_anywhere_is_found(tmp_path_factory, name, data):
    folder = tmp_path_factory.mktemp("cut")
    archive = golden_archive(folder / "archive")
    content = (archive / name).read_bytes()
    (archive / name).write_bytes(content[: data.draw(st.integers(0, len(content) - 1))])
    assert refusal(archive, folder / "restored").startswith(name)


@pytest.mark.parametrize("number", range(1, 15))
def test_a_forger_of_one_event_is_found_by_the_next_of_its_claim_or_by_the_running_digest(archive, tmp_path, number):
    change(archive, "events.ndjson", forged(number, b"2024", b"2023"))
    seal(archive)
    refusal(archive, tmp_path / "restored")


def test_a_file_that_is_missing_is_named(archive, tmp_path):
    (archive / "events.ndjson").unlink()
    assert refusal(archive, tmp_path / "restored") == "events.ndjson: the file is missing"


def test_a_folder_without_a_manifest_is_no_archive(archive):
    (archive / "manifest.json").unlink()
    with pytest.raises(ArchiveError, match="its backup was not finished"):
        read_manifest(archive)


def test_an_archive_of_a_newer_release_is_refused_whatever_else_it_says(archive):
    (archive / "manifest.json").write_text('{"format":"onrecord-archive","format_version":3,"news":[]}')
    with pytest.raises(ArchiveError, match="of format 3, this release knows 2"):
        read_manifest(archive)


def test_a_ledger_that_has_events_or_keys_is_left_alone(application: LedgerApplication, tmp_path: Path):
    with Desk(application.recorder) as desk:
        desk.receipts(report())
    keyed = SqliteLedger(tmp_path / "keyed")
    keyed.prepare()
    KeyStore(keyed.tables).create("desk", "editor", None, NOON_US)
    for data_dir, has in ((tmp_path, "1 events and 0 keys"), (tmp_path / "keyed", "0 events and 1 keys")):
        before = contents(data_dir / "ledger.db")
        with pytest.raises(NotEmptyError, match=has):
            restore_archive(GOLDEN / "archive", data_dir)
        assert contents(data_dir / "ledger.db") == before


def test_a_restore_that_can_not_go_on_leaves_an_empty_ledger(archive, tmp_path):
    (archive / "keys.ndjson").unlink()
    (archive / "keys.ndjson").mkdir()
    with pytest.raises(OSError, match="directory"):
        restore_archive(archive, tmp_path / "restored")
    assert contents(tmp_path / "restored" / "ledger.db") == EMPTY


def test_a_ledger_that_is_no_database_is_unavailable(tmp_path):
    (tmp_path / "ledger.db").write_bytes(b"This is no database." * 100)
    with pytest.raises(StoreUnavailableError, match="can not be opened"):
        restore_archive(GOLDEN / "archive", tmp_path)

"""What an earlier release has stored is opened, served and rebuilt by this one: from release n-1 to n."""

import json
import sqlite3
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from domain.events import Event, encode_event, read_event
from domain.reader import NOW
from projections.as_of import position_of
from projections.standing import get_claim
from service.store.generations import Generations
from service.store.migrations import SchemaTooOldError
from service.store.sqlite import migrate_ledger, prepare_ledger
from tests.service.archives import (
    GOLDEN,
    GOLDEN_EVENTS,
    contents,
    followed,
    golden_ledger,
    make_archive,
    restore_archive,
    views_rows,
)

AUDIENCES = {"public": 0, "desk": 2}


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    golden_ledger(tmp_path / "data")
    return prepare_ledger(tmp_path / "data")


def stored_bytes(ledger: Path) -> list[tuple[str, bytes | None, bytes]]:
    with closing(sqlite3.connect(ledger)) as connection:
        return connection.execute("SELECT topic, state, event_sha256 FROM stored_events ORDER BY position").fetchall()


def agrees(expected: Any, actual: Any) -> bool:
    if isinstance(expected, dict):
        return all(agrees(value, actual[name]) for name, value in expected.items())
    return bool(expected == actual)


def test_the_stored_bytes_of_every_type_are_read_as_long_as_there_is_a_ledger(ledger):
    types = {topic for topic, _, _ in stored_bytes(ledger)}
    assert types == {kind.__name__ for kind in Event.__args__}
    for topic, state, digest in stored_bytes(ledger):
        if state is not None:
            event = read_event(state)
            assert event.type == topic
            assert sha256(state).digest() == digest


def test_what_is_of_the_present_version_is_written_as_it_was(ledger):
    for _, state, _ in stored_bytes(ledger):
        if state is not None and b'"schema_version":1,' in state:
            assert encode_event(read_event(state)) == state


def test_every_claim_stands_as_the_earlier_release_said(ledger, tmp_path):
    generations = Generations(ledger.parent, ledger)
    with closing(generations.open(followed(generations, tmp_path / "views.db"))) as connection:
        assert position_of(connection, NOW) == GOLDEN_EVENTS
        for audience, claims in json.loads((GOLDEN / "standings.json").read_text()).items():
            for claim_id, expected in claims.items():
                row = get_claim(connection, claim_id, AUDIENCES[audience])
                assert row is not None
                assert agrees(expected, json.loads(row.body)["standing"])


def test_an_upgraded_ledger_and_a_restored_archive_are_the_same(ledger, tmp_path):
    restored = restore_archive(GOLDEN / "archive", tmp_path / "restored")
    assert contents(restored) == contents(ledger)
    one, other = Generations(ledger.parent, ledger), Generations(restored.parent, restored)
    assert views_rows(one, followed(one, one.next())) == views_rows(other, followed(other, other.next()))


def test_an_upgraded_ledger_is_backed_up(ledger, tmp_path):
    assert make_archive(ledger, tmp_path / "archive").events == GOLDEN_EVENTS


def test_migrating_tells_from_which_schema_to_which(tmp_path):
    (before, after), again = migrate_ledger(tmp_path), migrate_ledger(tmp_path)
    assert before == 0
    assert after >= 1
    assert again == (after, after)


def test_where_commands_may_not_migrate_an_old_schema_is_refused_and_a_present_one_is_not(tmp_path):
    with pytest.raises(SchemaTooOldError, match="run onrecord migrate"):
        prepare_ledger(tmp_path, migrate=False)
    migrate_ledger(tmp_path)
    assert prepare_ledger(tmp_path, migrate=False) == tmp_path / "ledger.db"

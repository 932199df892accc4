"""The guards of the ledger's table: the bytes of an event may go, once, and nothing else of it changes."""

import json
from dataclasses import replace

import pytest
from eventsourcing.persistence import IntegrityError

from domain.events import tombstone_of
from service.store.databases import LedgerApplication
from service.store.postgres_connections import ConstraintError
from service.store.records import BrokenLedgerError
from tests.service.desk import BOTH, Desk, by_hand, stored
from tests.service.posting import deny, erase, event_id, reclassify, report

ENGINES = BOTH
ERASE = "UPDATE ledger.stored_events SET state = NULL, tombstone = '{}'"
REFUSED = (IntegrityError, ConstraintError)


@pytest.fixture
def three_events(application: LedgerApplication) -> LedgerApplication:
    with Desk(application.recorder) as desk:
        desk.receipts(report(event_id=event_id(1)), report("another", event_id=event_id(2)), deny())
    return application


@pytest.mark.parametrize(
    ("changed", "value"),
    [
        ("recorded_us", 1),
        ("originator_version", 7),
        ("originator_id", "x"),
        ("topic", "ClaimDenied"),
        ("event_id", bytes(16)),
        ("event_sha256", bytes(32)),
        ("position", 9),
    ],
)
def test_whoever_erases_changes_nothing_else(three_events, changed, value):
    before = stored(three_events)
    with pytest.raises(REFUSED, match="immutable"), by_hand(three_events) as execute:
        execute(f"{ERASE}, {changed} = ? WHERE position = 1", value)
    assert stored(three_events) == before


@pytest.mark.parametrize("changed", ["state = NULL", "tombstone = '{}'", "state = NULL, tombstone = ?"])
def test_what_is_left_takes_the_place_of_the_bytes_and_is_not_longer(three_events, changed):
    with pytest.raises(REFUSED, match="immutable"), by_hand(three_events) as execute:
        execute(f"UPDATE ledger.stored_events SET {changed} WHERE position = 1", *["x" * 999] * changed.count("?"))


@pytest.mark.parametrize(
    "again", ["state = NULL, tombstone = 'x'", "state = event_id, tombstone = NULL", "topic = topic"]
)
def test_the_bytes_of_an_event_go_once_and_for_good(three_events, again):
    before = stored(three_events)
    with by_hand(three_events) as execute:
        execute(f"{ERASE} WHERE position = 2")
    with pytest.raises(REFUSED, match="immutable"), by_hand(three_events) as execute:
        execute(f"UPDATE ledger.stored_events SET {again} WHERE position = 2")
    assert stored(three_events) == [before[0], {**before[1], "state": None, "tombstone": "{}"}, before[2]]


@pytest.mark.parametrize("last", ["EventErased", "EventReclassified"])
def test_what_tells_of_others_stays(application, last):
    with Desk(application.recorder) as desk:
        desk.receipts(report(event_id=event_id(1)), deny())
        desk.receipts(erase(event_id(1)) if last == "EventErased" else reclassify(event_id(1)))
    with pytest.raises(REFUSED, match="immutable"), by_hand(application) as execute:
        execute(f"{ERASE} WHERE topic = '{last}'")


def test_what_is_not_there_can_not_be_erased(three_events):
    (recorded,) = three_events.events.get("another")
    left = replace(recorded, event=tombstone_of(recorded.event), state=None, position=9)
    with pytest.raises(BrokenLedgerError, match="to erase"), three_events.recorder.batch() as batch:
        batch.erase([left])


def test_what_is_left_is_read_again_as_it_was_written(three_events):
    (recorded,) = three_events.events.get("another")
    left = replace(recorded, event=tombstone_of(recorded.event), state=None)
    with three_events.recorder.batch() as batch:
        batch.erase([left])
        assert batch.find(event_id(2)) == left
    assert list(three_events.events.get("another")) == [left]
    assert json.loads(stored(three_events)[1]["tombstone"])["claim_id"] == "another"

"""Records: the stored bytes verbatim, with their position and digest, for those who may read them."""

import json
from hashlib import sha256

from projections.records import Record, get_record, list_latest, list_ledger
from tests.projections.story import Story


def mixed_story() -> Story:
    story = Story()
    story.report("one")
    story.report("other", classification="internal")
    story.deny("one", classification="confidential")
    story.deny("other", embargo_until="2030-01-01T00:00:00Z", classification="internal")
    story.assess("mixed", claim_id="one")
    story.ledger.follow()
    return story


def positions(records: list[Record]) -> list[int]:
    return [record.position for record in records]


def test_a_record_holds_the_bytes_as_they_are_stored_and_their_digest():
    story = mixed_story()
    for event_id, state in story.states.items():
        record = get_record(story.ledger.connection, event_id, 2, 99)
        assert record is not None
        assert record.state == state
        assert state in record.body
        body = json.loads(record.body)
        assert body == {
            "position": record.position,
            "event_sha256": sha256(state).hexdigest(),
            "event": json.loads(state),
            "erased": None,
        }
        assert record.version == body["event"]["claim_version"]


def test_the_ledger_is_listed_in_order_for_those_who_may_read_it():
    story = mixed_story()
    connection = story.ledger.connection
    assert positions(list_ledger(connection, 2, 0, 10, 99)) == [1, 2, 3, 4, 5]
    assert positions(list_ledger(connection, 1, 0, 10, 99)) == [1, 2, 4, 5]
    assert positions(list_ledger(connection, 0, 0, 10, 99)) == [1, 5]
    assert positions(list_ledger(connection, 1, 1, 2, 99)) == [2, 4]


def test_no_record_is_newer_than_the_read_models():
    story = mixed_story()
    assert positions(list_ledger(story.ledger.connection, 2, 0, 10, 3)) == [1, 2, 3]
    assert positions(list_latest(story.ledger.connection, 2, 10, 3)) == [3, 2, 1]
    assert get_record(story.ledger.connection, list(story.states)[4], 2, 4) is None


def test_the_latest_records_come_newest_first():
    story = mixed_story()
    connection = story.ledger.connection
    assert positions(list_latest(connection, 1, 2, 99)) == [5, 4]


def test_what_one_may_not_read_is_as_if_it_were_not_there():
    story = mixed_story()
    hidden = list(story.states)[2]
    assert get_record(story.ledger.connection, hidden, 1, 99) is None
    assert get_record(story.ledger.connection, "00000000-0000-4000-8000-000000000000", 2, 99) is None

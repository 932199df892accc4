"""A claim's history: its records in order, each with what was said about it later, as one audience sees it."""

import json
from typing import Any

import pytest

from projections.history import list_history
from projections.records import get_record
from tests.projections.story import CLAIM, Story


def history(story: Story, audience: int = 2, after: int = 0, limit: int = 100) -> list[dict[str, Any]]:
    ledger = story.ledger.follow(batch_limit=2)
    listed = list_history(ledger.connection, CLAIM, audience, (after, limit), ledger.position)
    return [json.loads(body) for _, body in listed]


def test_records_come_in_the_order_of_their_versions_page_by_page():
    story = Story()
    ids = [story.report(), story.report("another"), story.deny(), story.deny(), story.assess("mixed")]
    own = [event_id for event_id in ids if event_id != ids[1]]
    assert [record["event"]["event_id"] for record in history(story)] == own
    assert [record["event"]["event_id"] for record in history(story, after=1, limit=2)] == own[1:3]
    assert history(story, after=4) == []


def test_what_nobody_spoke_of_later_has_empty_marks():
    story = Story()
    story.report()
    (record,) = history(story)
    assert record.keys() == {
        *("position", "event_sha256", "event", "erased"),
        *("effective", "corrected_by", "retracted_by", "superseded_by"),
    }
    assert record["effective"] is None
    assert (record["corrected_by"], record["retracted_by"], record["superseded_by"]) == ([], None, None)


def test_a_corrected_event_stays_as_it_was_beside_what_it_says_now():
    story = Story()
    report = story.report()
    first = story.correct(report, {"occurred_at": "2024-10-03"})
    second = story.correct(report, {"data": {"stance": "relays", "note": "by telephone"}})
    corrected = history(story)[0]
    assert corrected["corrected_by"] == [first, second]
    assert corrected["event"]["data"]["stance"] == "affirms"
    assert corrected["effective"].keys() == {"occurred_at", "occurred_basis", "occurred_text", "data"}
    assert corrected["effective"]["occurred_at"] == "2024-10-03"
    assert corrected["effective"]["data"]["stance"] == "relays"
    assert corrected["effective"]["occurred_text"] is None


def test_a_retracted_correction_no_longer_corrects():
    story = Story()
    report = story.report()
    correction = story.correct(report, {"occurred_at": "2024-10-03"})
    retraction = story.retract(correction)
    assert history(story)[0]["corrected_by"] == []
    assert history(story)[0]["effective"] is None
    assert history(story)[1]["retracted_by"] == retraction


def test_a_retraction_that_is_retracted_retracts_nothing():
    story = Story()
    denial = [story.report(), story.deny()][1]
    first = story.retract(denial)
    assert history(story)[1]["retracted_by"] == first
    second = story.retract(first)
    assert history(story)[1]["retracted_by"] is None
    assert history(story)[2]["retracted_by"] == second
    story.retract(second)
    assert history(story)[1]["retracted_by"] == first
    assert history(story, after=1)[0]["retracted_by"] == first


def test_an_assessment_is_superseded_by_the_last_effective_one_that_says_so():
    story = Story()
    story.report()
    first = story.assess("mixed")
    second = story.assess("unproven", supersedes=first)
    assert history(story)[1]["superseded_by"] == second
    story.retract(second)
    assert history(story)[1]["superseded_by"] is None


def test_what_an_assessment_supersedes_may_be_corrected():
    story = Story()
    story.report()
    first, other = story.assess("mixed"), story.assess("satire")
    last = story.assess("unproven", supersedes=first)
    story.correct(last, {"data": {"supersedes_event_id": other}})
    assert [record["superseded_by"] for record in history(story)[1:3]] == [None, last]
    story.correct(last, {"data": {"supersedes_event_id": None}})
    assert [record["superseded_by"] for record in history(story)[1:3]] == [None, None]


def test_restricted_events_and_what_they_say_of_others_are_absent():
    story = Story()
    report = story.report()
    story.deny(classification="internal")
    correction = story.correct(report, {"occurred_at": "2024-10-03"}, classification="confidential")
    assert len(history(story, audience=0)) == 1
    assert len(history(story, audience=1)) == 2
    assert history(story, audience=1)[0]["corrected_by"] == []
    assert history(story, audience=1)[0]["effective"] is None
    assert history(story, audience=2)[0]["corrected_by"] == [correction]


def test_a_reclassified_event_is_shown_to_its_new_readers_only():
    story = Story()
    report = [story.report(), story.deny()][1]
    story.reclassify(report, classification="confidential")
    assert [record["event"]["type"] for record in history(story, audience=1)] == ["ClaimReported", "EventReclassified"]
    story.reclassify(report, classification="public")
    assert "ClaimDenied" in [record["event"]["type"] for record in history(story, audience=0)]


def test_what_an_erased_event_said_of_others_no_longer_applies_but_its_retraction_holds():
    story = Story()
    report, denial = story.report(), story.deny()
    correction, retraction = story.correct(report, {"occurred_at": "2024-10-03"}), story.retract(denial)
    assert history(story)[0]["corrected_by"] == [correction]
    story.erase(correction)
    story.erase(retraction)
    assert history(story)[0]["corrected_by"] == []
    assert history(story)[1]["retracted_by"] == retraction


def test_of_an_erased_event_the_record_keeps_what_the_row_keeps():
    story = Story()
    report, denial = story.report(), story.deny()
    retraction = story.retract(denial)
    erasures = [story.erase(denial), story.erase(retraction)]
    ledger = story.ledger.follow()
    listed = list_history(ledger.connection, CLAIM, 2, (0, 100), ledger.position)
    records = [json.loads(body) for _, body in listed]
    assert [record["event"] is None for record in records] == [False, True, True, False, False]
    assert records[1]["retracted_by"] == retraction
    assert records[2]["erased"] == {
        "by": erasures[1],
        "event_id": retraction,
        "claim_id": CLAIM,
        "claim_version": 3,
        "type": "EventRetracted",
        "recorded_at": "2024-10-04T12:00:03.000000Z",
        "target_event_id": denial,
    }
    record = get_record(ledger.connection, denial, 2, ledger.position)
    assert record is not None
    assert record.state is None
    assert report == records[0]["event"]["event_id"]


@pytest.mark.parametrize("place", [0, 1])
def test_a_history_is_read_while_an_erasure_has_not_come_to_the_read_models(place):
    story = Story()
    report = story.report()
    events = [report, story.correct(report, {"occurred_at": "2024-10-03"})]
    position = story.ledger.follow().position
    story.erase(events[place])
    listed = list_history(story.ledger.connection, CLAIM, 2, (0, 100), position)
    records = [json.loads(body) for _, body in listed]
    assert [record["event"] is None for record in records] == [place == 0, True]
    assert [record["effective"] for record in records] == [None, None]
    assert [record["erased"] and record["erased"]["by"] for record in records] == [None, None]


def test_who_may_not_read_an_erasure_is_not_told_its_id():
    story = Story()
    denial = [story.report(), story.deny()][1]
    erasure = story.erase(denial, classification="confidential")
    records = [history(story, audience)[1]["erased"] for audience in (0, 2)]
    assert [record["by"] for record in records] == [None, erasure]
    assert records[0] == {**records[1], "by": None}

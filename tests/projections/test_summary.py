"""The summary: counts of what one audience sees, sixty minutes, ten records."""

import json
from typing import Any

from domain.times import SECOND_US
from projections.database import Connection
from projections.summary import summary_json
from tests.projections.story import Story

STATUSES = {"unreported", "reported", "denied", "assessed", "confirmed", "refuted", "disputed", "withdrawn"}


def summary(story: Story, audience: int = 2) -> Any:
    ledger = story.ledger.follow()
    return json.loads(summary_json(ledger.connection, audience, ledger.position))


def test_an_empty_ledger_has_every_status_and_no_minute():
    assert summary(Story()) == {
        "claims": 0,
        "statuses": dict.fromkeys(STATUSES, 0),
        "contested": 0,
        "events": 0,
        "minutes": [],
        "latest": [],
        "checkpoint": None,
    }


def test_claims_and_events_are_counted_for_the_audience():
    story = Story()
    story.report("one")
    story.deny("one", classification="internal")
    story.report("other", classification="confidential")
    counted = [(seen["claims"], seen["contested"], seen["events"]) for seen in map(summary, [story] * 3, (0, 1, 2))]
    assert counted == [(1, 0, 1), (1, 1, 2), (2, 1, 3)]
    assert summary(story, 0)["statuses"] == {**dict.fromkeys(STATUSES, 0), "reported": 1}
    assert summary(story, 2)["statuses"] == {**dict.fromkeys(STATUSES, 0), "reported": 1, "denied": 1}


def test_the_sixty_minutes_end_with_the_last_event_that_the_audience_sees():
    story = Story()
    story.report()
    story.now_us += 120 * SECOND_US
    story.deny()
    story.deny()
    story.now_us += 600 * SECOND_US
    story.deny(classification="internal")
    minutes = summary(story, 0)["minutes"]
    assert len(minutes) == 60
    assert minutes[-1] == {"minute": "2024-10-04T12:02:00Z", "events": 2}
    assert minutes[-3] == {"minute": "2024-10-04T12:00:00Z", "events": 1}
    assert sum(minute["events"] for minute in minutes) == 3
    assert summary(story, 1)["minutes"][-1] == {"minute": "2024-10-04T12:12:00Z", "events": 1}


def test_an_event_that_moves_to_another_audience_takes_its_minute_along():
    story = Story()
    report = story.report()
    story.now_us += 60 * SECOND_US
    denial = story.deny()
    story.reclassify(denial, classification="confidential")
    story.reclassify(report, classification="internal")
    assert summary(story, 0)["events"] == 2  # both reclassifications are for those who could read it before
    assert summary(story, 2)["events"] == 4
    assert [minute["events"] for minute in summary(story, 0)["minutes"]][-2:] == [0, 2]


def test_the_latest_are_ten_records_newest_first():
    story = Story()
    story.report()
    for _ in range(11):
        story.deny()
    latest = summary(story)["latest"]
    assert [record["position"] for record in latest] == list(range(12, 2, -1))
    assert latest[0].keys() == {"position", "event_sha256", "event", "erased"}


def test_the_checkpoint_is_the_last_of_the_log_in_force_that_covers_nothing_later():
    story = Story()
    for _ in range(3):
        story.report()
    connection = story.ledger.follow().connection
    for values in ((1, "first", 0), (1, "first", 2), (2, "second", 1), (2, "second", 3)):
        sign(connection, *values)
    shown = [json.loads(summary_json(connection, 0, position))["checkpoint"] for position in range(4)]
    assert [each and each["size"] for each in shown] == [None, 1, 1, 3]
    assert shown[3]["signed_at"] == "2024-10-04T12:00:00.000000Z"


def sign(connection: Connection, log_id: int, origin: str, size: int) -> None:
    """Keep a checkpoint, of a log that is begun where there is none."""
    connection.execute(
        "INSERT INTO ledger.logs SELECT ?, ?, '', 0 WHERE ? > (SELECT COUNT(*) FROM ledger.logs)",
        (log_id, origin, log_id),
    )
    connection.execute(
        "INSERT INTO ledger.checkpoints SELECT COUNT(*) + 1, ?, ?, ?, 1728043200000000 FROM ledger.checkpoints",
        (log_id, size, b""),
    )

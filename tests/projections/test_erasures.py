"""What was erased is in no read model, in no fold that is kept, and never again in a standing."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.audience import AUDIENCES
from projections.follower import Follower
from projections.standing import get_claim
from tests.domain import reference
from tests.domain.reference_view import erased_ids, target_of
from tests.domain.stream_values import keeps_rules
from tests.domain.streams import TARGETS
from tests.projections.ledger import Ledger
from tests.projections.random_ledgers import Event as Stored
from tests.projections.random_ledgers import ledgers
from tests.projections.story import CLAIM, Story
from tests.reachable import texts_in

TEXT = f"What {CLAIM} says."


def erasing(events: list[Stored], chosen: str) -> list[Stored]:
    """Return the erasures of an event and of its corrections, as the ledger adds them to its claim."""
    erased = erased_ids(events)
    (target,) = (event for event in events if event["event_id"] == chosen)
    stream = [event for event in events if event["claim_id"] == target["claim_id"]]
    about = [one for one in stream if one["type"] == "EventCorrected" and target_of(one) == chosen]
    return [
        {
            **stream[-1],
            "event_id": f"00000000-0000-4000-9000-{len(events) + number:012d}",
            "type": "EventErased",
            "claim_version": len(stream) + number + 1,
            "recorded_at": events[-1]["recorded_at"],
            "classification": "confidential",
            "data": {"target_event_id": one["event_id"], "reason": "an order", "reason_kind": "legal"},
        }
        for number, one in enumerate([target, *(one for one in about if one["event_id"] not in erased)])
    ]


@pytest.mark.thorough
@settings(max_examples=25)
@given(ledgers(), st.data(), st.integers(1, 4))
def test_whatever_is_erased_each_claim_stands_as_the_reference_says_for_every_audience(events, data, times):
    ledger = Ledger(events)
    follower = Follower(ledger.connection, batch_limit=3)
    while follower.step() < len(events):
        pass
    for _ in range(times):
        left = [e["event_id"] for e in events if e["type"] in TARGETS and e["event_id"] not in erased_ids(events)]
        for event in erasing(events, data.draw(st.sampled_from(left))) if left else ():
            events.append(event)
            ledger.append(event)
    while follower.step() < len(events):
        pass
    assert ledger.rows() == Ledger(events).follow().rows()
    check_standings(ledger, events)


def check_standings(ledger: Ledger, events: list[Stored]) -> None:
    for claim_id in {event["claim_id"] for event in events}:
        stream = [event for event in events if event["claim_id"] == claim_id]
        for audience in AUDIENCES:
            row = get_claim(ledger.connection, claim_id, audience)
            assert (row is not None) == bool(reference.visible(stream, audience))
            if row is not None:
                shown = reference.claim_shown(stream, audience=audience, is_valid=keeps_rules)
                expected = reference.standing(stream, audience=audience, is_valid=keeps_rules)
                item = json.loads(row.item)
                assert (item["standing"], item["text"]) == (expected, shown and shown["text"])


def whole(story: Story) -> str:
    return repr(story.ledger.rows())


def test_a_follower_forgets_what_was_erased_after_it_had_folded_it():
    story = Story()
    report = story.report(tags=["a-telling-tag"])
    story.report("other")
    story.correct(report, {"data": {"speaker": {"name": "A name to hide"}}})
    follower = Follower(story.ledger.connection)
    follower.step()
    for told in (TEXT, "a-telling-tag", "A name to hide"):
        assert told in texts_in(follower)
        assert told in whole(story)
    story.erase(report)
    follower.step()
    for told in (TEXT, "a-telling-tag", "A name to hide"):
        assert told not in texts_in(follower)
        assert told not in whole(story)
    assert "What other says." in texts_in(follower)


def test_a_follower_that_is_behind_goes_on_though_what_it_has_folded_is_erased_by_now():
    story = Story()
    report = story.report()
    story.deny()
    correction = story.correct(report, {"data": {"note": "by telephone"}})
    follower = Follower(story.ledger.connection, batch_limit=3)
    follower.step()
    second = story.correct(report, {"data": {"note": "by letter"}})
    story.retract(correction)
    story.deny()
    story.erase(second)
    story.erase(report)
    assert [follower.step() for _ in range(3)] == [6, 9, 9]
    assert story.ledger.rows() == again(story).rows()


def test_a_long_claim_is_kept_at_its_versions_as_if_it_had_never_been_said():
    story = Story()
    report = story.report()
    denials = [story.deny() for _ in range(230)]
    follower = Follower(story.ledger.connection)
    follower.step()
    before = story.ledger.rows()["snapshots"]
    for event_id in (report, denials[150]):
        story.erase(event_id)
        follower.step()
    assert len(before) == len(story.ledger.rows()["snapshots"]) == 2
    assert before != story.ledger.rows()["snapshots"]
    assert story.ledger.rows() == again(story).rows()
    assert TEXT not in texts_in(follower)


def again(story: Story) -> Ledger:
    """Return a ledger of the same rows, followed from its start."""
    ledger = Ledger()
    rows = story.ledger.connection.execute("SELECT * FROM ledger.stored_events ORDER BY position").fetchall()
    ledger.connection.executemany("INSERT INTO ledger.stored_events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
    ledger.events = story.ledger.events
    return ledger.follow()


def test_an_embargo_of_what_is_erased_is_not_ended():
    story = Story()
    story.report()
    denial = story.deny(embargo_until="2030-01-01T00:00:00Z")
    story.ledger.follow()
    assert [row[2] for row in story.ledger.rows()["embargoes"]] == [denial]
    erasure = story.erase(denial)
    assert [row[2] for row in story.ledger.follow().rows()["embargoes"]] == [erasure]

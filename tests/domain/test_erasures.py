"""Erasing an event: what goes with it, who reads of it, and what is left."""

import json

import pytest
from hypothesis import given as given_any

from domain.events import Tombstone, encode_event, encode_tombstone, read_event, tombstone_of
from domain.times import parse_instant
from tests.domain.deciding import ADMIN, LATER, Story, given, poster
from tests.domain.random_events import stored_events
from tests.domain.saying import corrected, denied, erased, ident, reclassified, reported, retracted

NOTE = {"data": {"note": "by telephone"}}
LETTER = {"data": {"note": "by letter"}}
HALF_BLIND = poster("admin", audience=0)


def erasures(story: Story, target: int, **members: object) -> list[tuple[str, str, str | None]]:
    """Erase, and return what every recorded erasure targets, and who reads of it."""
    recorded = story.post(erased(target, 90, **members), ADMIN)
    assert {event.type for event in recorded} == {"EventErased"}
    return [(event.data.target_event_id, event.classification, event.embargo_until) for event in recorded]


def test_with_an_event_go_its_corrections_retracted_or_not():
    story = given(reported(1), denied(2), corrected(1, NOTE, 3), corrected(1, LETTER, 4), retracted(3, 5))
    assert erasures(story, 1) == [(ident(number), "public", None) for number in (1, 3, 4)]
    assert [number for number in range(1, 6) if story.claim.entries[ident(number)].is_erased] == [1, 3, 4]


def test_all_that_go_have_the_reason_the_poster_and_the_instant_of_the_one_that_was_asked_for():
    story = given(reported(1), corrected(1, NOTE, 2))
    first, second = story.post(erased(1, 3, source="/desk", correlation_id="order 7"), ADMIN)
    assert second.event_id not in (None, first.event_id)
    for name in ("recorded_at", "recorded_by", "source", "correlation_id"):
        assert getattr(second, name) == getattr(first, name)
    assert (second.data.reason, second.data.reason_kind) == (first.data.reason, first.data.reason_kind)


def test_a_correction_that_is_erased_takes_nothing_with_it_and_an_erased_one_does_not_go_again():
    story = given(reported(1), corrected(1, NOTE, 2), corrected(1, LETTER, 3))
    assert erasures(story, 2) == [(ident(2), "public", None)]
    assert [event.data.target_event_id for event in story.post(erased(1, 91), ADMIN)] == [ident(1), ident(3)]


def test_retractions_of_an_event_stay_and_hold():
    story = given(reported(1), reported(2), retracted(2, 3))
    assert erasures(story, 2) == [(ident(2), "public", None)]
    assert story.claim.retracted(0) == {ident(2)}


def test_of_an_erasure_reads_who_reads_its_target():
    story = given(reported(1), denied(2, classification="internal"), denied(3, embargo_until=LATER))
    story.post(reclassified(2, {"classification": "confidential"}))
    assert erasures(story, 2) == [(ident(2), "confidential", None)]
    until = "2024-11-01T00:00:00.000000Z"
    assert [event.embargo_until for event in story.post(erased(3, 91), ADMIN)] == [until]


def test_of_the_erasure_of_a_correction_reads_who_reads_both():
    story = given(reported(1), corrected(1, NOTE, 2, classification="confidential"), corrected(1, LETTER, 3))
    assert erasures(story, 1, classification="internal") == [
        (ident(1), "internal", None),
        (ident(2), "confidential", None),
        (ident(3), "internal", None),
    ]


def test_corrections_go_too_that_the_poster_does_not_see():
    story = given(reported(1), corrected(1, NOTE, 2, classification="confidential"))
    recorded = story.post(erased(1, 3), HALF_BLIND)
    assert [event.data.target_event_id for event in recorded] == [ident(1), ident(2)]


@pytest.mark.parametrize("posted", [erased(9), erased(3), erased(4)])
def test_what_is_refused_changes_nothing(posted):
    story = given(reported(1), corrected(1, NOTE, 2), erased(2, 3), reclassified(1, {"classification": "internal"}, 4))
    before = dict(story.claim.entries)
    assert story.refusal(posted, ADMIN).code == "rule-broken"
    assert story.claim.entries == before


def test_the_embargo_of_what_is_erased_stays_as_it_was():
    story = given(reported(1, embargo_until=LATER), erased(1, 2))
    assert story.claim.entries[ident(1)].visibility.embargo_us == parse_instant(LATER)
    assert story.refusal(reclassified(1, {"embargo_until": None}), ADMIN).code == "target-erased"


@given_any(stored_events())
def test_what_is_left_of_an_event_is_part_of_what_it_was_and_shorter(stored):
    event = read_event(json.dumps(stored).encode())
    text = encode_tombstone(tombstone_of(event))
    assert Tombstone(**json.loads(text)) == tombstone_of(event)
    assert len(text) < len(encode_event(event))
    named = {"target_event_id": stored["data"].get("target_event_id"), **stored}
    assert json.loads(text) == {name: named[name] for name in json.loads(text)}

"""Reclassifications: who reads them, who reads their target from then on, and what moves along."""

import pytest

from tests.domain.deciding import ADMIN, LATER, NOW, PAST, SOON, given
from tests.domain.saying import Posted, corrected, denied, erased, ident, reclassified, reported, retracted

NOTE = {"data": {"note": "by telephone"}}
INTERNAL: Posted = {"classification": "internal"}
DESK: Posted = {"classification": "confidential"}
OPEN: Posted = {"classification": "public", "embargo_until": None}


@pytest.mark.parametrize(
    ("before", "change", "after", "its_own"),
    [
        ({}, INTERNAL, ("internal", None), ("public", None)),
        (INTERNAL, {"classification": "public"}, ("public", None), ("public", None)),
        (INTERNAL, DESK, ("confidential", None), ("internal", None)),
        ({}, {"embargo_until": SOON}, ("public", "embargoed"), ("public", None)),
        ({"embargo_until": SOON}, {"embargo_until": None}, ("public", None), ("public", None)),
        ({"embargo_until": SOON}, {"embargo_until": LATER}, ("public", "embargoed"), ("public", "embargoed")),
        ({"embargo_until": SOON}, INTERNAL, ("internal", "embargoed"), ("public", "embargoed")),
        ({**INTERNAL, "embargo_until": SOON}, {"embargo_until": None}, ("internal", None), ("internal", None)),
        ({"embargo_until": PAST}, {"embargo_until": LATER}, ("public", "embargoed"), ("public", None)),
    ],
)
def test_it_is_read_by_who_reads_its_target_before_or_after(before, change, after, its_own):
    story = given(reported(1, **before))
    story.post(reclassified(1, change, 2))
    assert story.readers(1) == after
    assert story.readers(2) == its_own


def test_of_two_embargoes_its_own_is_the_one_that_ends_first():
    for before, after in ((SOON, LATER), (LATER, SOON)):
        story = given(reported(1, embargo_until=before))
        (event,) = story.post(reclassified(1, {"embargo_until": after}))
        assert event.embargo_until == "2024-10-06T00:00:00.000000Z"


def test_its_own_readers_are_not_for_the_client_to_say():
    story = given(reported(1, embargo_until=SOON))
    assert story.fault(reclassified(1, INTERNAL, classification="internal")) == ("/classification", "follows_target")
    assert story.fault(reclassified(1, INTERNAL, embargo_until=LATER)) == ("/embargo_until", "follows_target")
    assert story.fault(reclassified(1, OPEN, embargo_until=SOON)) == ("/embargo_until", "follows_target")
    assert story.post(reclassified(1, INTERNAL, classification="public", embargo_until=SOON))


@pytest.mark.parametrize("until", [PAST, NOW])
def test_an_embargo_lies_in_the_future(until):
    story = given(reported(1))
    assert story.fault(reclassified(1, {"embargo_until": until})) == ("/data/embargo_until", "embargo_passed")


def test_it_can_only_be_followed_by_another():
    story = given(reported(1), reclassified(1, INTERNAL, 2))
    for posted in (corrected(2, NOTE), retracted(2), erased(2)):
        assert story.fault(posted, ADMIN) == ("/data/target_event_id", "target_type")
    assert story.post(reclassified(1, DESK))
    assert story.post(reclassified(2, DESK))


@pytest.mark.parametrize("change", [{"classification": "public"}, {"embargo_until": None}, OPEN])
def test_it_changes_something(change):
    assert given(reported(1)).fault(reclassified(1, change)) == ("/data", "unchanged")


def moved(events):
    """Return which events the reclassifications are of, the posted one's target first."""
    assert {event.type for event in events} == {"EventReclassified"}
    return [int(event.data.target_event_id[-3:]) for event in events]


def test_corrections_and_retractions_with_the_readers_of_their_target_move_along():
    story = given(reported(1), corrected(1, NOTE, 2), retracted(1, 3), denied(4), retracted(4, 5))
    story.post(reclassified(4, INTERNAL, 6))
    events = story.post(reclassified(1, DESK, 7))
    assert moved(events) == [1, 2, 3]
    assert [story.readers(number)[0] for number in (1, 2, 3, 4, 5)] == ["confidential"] * 3 + ["internal"] * 2
    assert [event.claim_version for event in events] == [8, 9, 10]
    assert {event.classification for event in events} == {"public"}
    assert len({event.event_id for event in events}) == 3


def test_they_move_to_wider_readers_too():
    story = given(reported(1, **INTERNAL), corrected(1, NOTE, 2), retracted(2, 3), retracted(1, 4, **DESK))
    assert moved(story.post(reclassified(1, OPEN))) == [1, 2, 3]
    assert story.readers(3) == ("public", None)
    assert story.readers(4) == ("confidential", None)


def test_what_has_fewer_readers_already_stays_unless_they_would_be_too_many():
    story = given(reported(1), corrected(1, NOTE, 2, **INTERNAL), retracted(1, 3, **DESK), retracted(2, 4))
    assert moved(story.post(reclassified(1, {"embargo_until": SOON}))) == [1]
    assert moved(story.post(reclassified(1, DESK))) == [1, 2, 4]
    assert [story.readers(number)[0] for number in (1, 2, 3, 4)] == ["confidential"] * 4


def test_retractions_of_retractions_move_along_through_the_whole_chain():
    story = given(reported(1), retracted(1, 2), retracted(2, 3), retracted(3, 4))
    events = story.post(reclassified(1, {"embargo_until": LATER}, correlation_id="c", source="/desk"))
    assert moved(events) == [1, 2, 3, 4]
    assert {(event.data.reason, event.source, event.correlation_id) for event in events} == {("a review", "/desk", "c")}
    assert {story.readers(number) for number in (1, 2, 3, 4)} == {("public", "embargoed")}
    assert moved(story.post(reclassified(1, {"embargo_until": None}))) == [1, 2, 3, 4]
    assert {story.readers(number) for number in (1, 2, 3, 4)} == {("public", None)}


def test_an_erased_follower_does_not_move():
    story = given(reported(1), corrected(1, NOTE, 2), retracted(1, 3), erased(2, 4))
    assert moved(story.post(reclassified(1, INTERNAL))) == [1, 3]
    assert story.readers(2) == ("public", None)


def test_statements_about_a_target_do_not_move():
    story = given(reported(1), denied(2, data={"target_event_ids": [ident(1)]}))
    assert moved(story.post(reclassified(1, INTERNAL))) == [1]


def test_the_readers_see_another_version_from_then_on():
    story = given(reported(1), denied(2), reclassified(2, DESK, 3))
    assert story.claim.last_seen == [3, 3, 3]
    assert [story.claim.find(ident(2), audience) is not None for audience in (0, 1, 2)] == [False, False, True]

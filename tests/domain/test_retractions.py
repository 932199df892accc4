"""Retractions and erasures: what they may target, and what stands after them."""

import pytest

from domain.claim import Claim, evolve
from domain.events import Tombstone
from domain.noting import note_of
from tests.domain.deciding import ADMIN, READER, given
from tests.domain.saying import corrected, denied, erased, ident, reclassified, reported, retracted

TARGET = "/data/target_event_id"
NOTE = {"data": {"note": "by telephone"}}


def test_a_retracted_event_is_not_retracted_again():
    story = given(reported(1), retracted(1, 2))
    assert story.refusal(retracted(1)).code == "target-retracted"
    assert story.claim.retracted(0) == {ident(1)}


def test_a_retraction_can_be_retracted_and_so_on():
    story = given(reported(1), retracted(1, 2), retracted(2, 3))
    assert story.claim.retracted(0) == {ident(2)}
    assert story.refusal(retracted(2)).code == "target-retracted"
    story.post(retracted(3, 4))
    assert story.claim.retracted(0) == {ident(1), ident(3)}
    assert story.refusal(retracted(1)).code == "target-retracted"
    story.post(retracted(4, 5))
    assert story.post(retracted(1))


def test_a_retraction_counts_for_those_who_see_it():
    story = given(reported(1), retracted(1, 2, classification="confidential"))
    assert [story.claim.retracted(audience) for audience in (0, 1, 2)] == [set(), set(), {ident(1)}]
    assert story.refusal(retracted(1)).code == "target-retracted"
    assert story.post(retracted(1), READER)


def test_a_correction_can_be_retracted():
    story = given(reported(1), corrected(1, NOTE, 2), retracted(2, 3))
    assert story.claim.corrections_of(ident(1), 0) == []
    assert story.post(corrected(1, NOTE))


def test_erasures_and_reclassifications_are_final():
    story = given(reported(1), denied(2), reclassified(1, {"classification": "internal"}, 3), erased(2, 4))
    for final in (3, 4):
        assert story.fault(retracted(final)) == (TARGET, "target_type")
        assert story.fault(erased(final), ADMIN) == (TARGET, "target_type")
        assert story.post(reclassified(final, {"classification": "internal"}))


@pytest.mark.parametrize("posted", [retracted(77), erased(77), reclassified(77, {"classification": "internal"})])
def test_a_target_is_an_event_of_the_claim(posted):
    assert given(reported(1)).fault(posted, ADMIN) == (TARGET, "unknown_target")


@pytest.mark.parametrize(
    "posted", [retracted(1), erased(1), reclassified(1, {"classification": "public"}), corrected(1, NOTE)]
)
def test_nothing_more_is_done_to_an_erased_event(posted):
    story = given(reported(1), erased(1, 2))
    assert story.refusal(posted, ADMIN).code == "target-erased"


def test_a_retracted_event_may_be_erased_and_reclassified():
    story = given(reported(1), denied(2), retracted(1, 3), retracted(2, 4))
    assert story.post(reclassified(1, {"classification": "internal"}))
    assert story.post(erased(2), ADMIN)


def test_a_retraction_that_is_erased_still_holds():
    story = given(reported(1), retracted(1, 2), erased(2, 3))
    assert story.claim.retracted(0) == {ident(1)}
    assert story.refusal(retracted(1)).code == "target-retracted"
    assert story.refusal(retracted(2)).code == "target-erased"


def test_a_claim_reads_a_tombstone_as_it_forgot_the_event():
    story = given(reported(1), reported(2, text="Six officers were killed."), erased(1, 3))
    grave = Tombstone(
        event_id=ident(1),
        type="ClaimReported",
        claim_id="six-officers",
        claim_version=1,
        recorded_at="2024-10-05T12:00:00.000000Z",
        classification="public",
    )
    again = Claim(claim_id="six-officers")
    for event in (grave, *story.events[1:]):
        evolve(again, note_of(event), "0" * 64)
    again.digest, again.wordings = story.claim.digest, story.claim.wordings
    assert again == story.claim
    assert [text.event_id for text in again.texts] == [ident(2)]

"""The claim's text: who must have been given one, and that it does not change under its readers."""

import pytest

from tests.domain.deciding import ADMIN, LATER, SOON, given
from tests.domain.saying import (
    Posted,
    assessed,
    attached,
    confirmed,
    corrected,
    declined,
    denied,
    erased,
    reclassified,
    reported,
    retracted,
)

MISSING = ("/data/claim", "claim_text_missing")
CHANGED = ("/data/claim/text", "claim_text_changed")
SEVEN = "Seven officers were killed."


def text_of(story, audience):
    shown = story.claim.shown_text(audience)
    return shown and shown.text


@pytest.mark.parametrize("posted", [reported(text=...), denied(), assessed(), confirmed()], ids=lambda p: p["type"])
def test_the_first_assertion_brings_the_text(posted):
    assert given().fault(posted) == MISSING
    assert given(reported()).post(posted)


def test_declined_comments_and_evidence_need_none():
    for posted in (declined(), attached()):
        assert given().post(posted)


def test_any_assertion_may_bring_it():
    story = given(denied(1, text=SEVEN))
    assert story.post(reported(text=...))[0].data.wording.paraphrase == SEVEN


WIDEST_FIRST: list[Posted] = [
    {},
    {"embargo_until": SOON},
    {"embargo_until": LATER},
    {"classification": "internal"},
    {"classification": "confidential"},
]


@pytest.mark.parametrize("carrier", range(5))
@pytest.mark.parametrize("readers", range(5))
def test_the_text_is_readable_by_everyone_who_reads_the_event_now_and_after_any_embargo(carrier, readers):
    story, posted = given(reported(1, **WIDEST_FIRST[carrier])), denied(**WIDEST_FIRST[readers])
    if carrier <= readers:
        assert story.post(posted)
    else:
        assert story.fault(posted) == MISSING


def test_an_embargo_on_what_is_internal_anyway_makes_no_difference():
    story = given(reported(1, classification="internal", embargo_until=LATER))
    assert story.post(denied(classification="internal"))
    assert story.fault(denied(embargo_until=LATER)) == MISSING


def test_whoever_restricts_the_text_takes_it_from_the_others():
    story = given(reported(1), reclassified(1, {"classification": "internal"}, 2))
    assert story.fault(denied()) == MISSING
    story.post(reclassified(1, {"classification": "public"}, 3))
    assert story.post(denied())


def test_an_erased_text_is_none_and_a_retracted_one_is():
    story = given(reported(1), retracted(1, 2))
    assert story.post(denied(3))
    story.post(erased(1, 4), ADMIN)
    assert story.fault(denied()) == MISSING
    assert text_of(story, 2) is None
    assert story.post(reported(text=SEVEN))


def test_a_later_text_may_repeat_but_not_change_it():
    story = given(reported(1))
    assert story.post(denied(text="Six officers were killed."))
    for posted in (reported(text=SEVEN), denied(text=SEVEN), declined(data={"claim": {"text": SEVEN}})):
        assert story.fault(posted) == CHANGED


def test_a_text_is_compared_with_those_of_its_readers_only():
    story = given(reported(1, text=SEVEN, classification="confidential"))
    assert story.fault(reported(2, text="Six died.", classification="confidential")) == CHANGED
    story.post(reported(2, text="Six died.", classification="internal"))
    assert story.fault(reported(3, text=SEVEN, classification="internal")) == CHANGED
    story.post(reported(3, text="Five died."))
    assert [text_of(story, audience) for audience in (0, 1, 2)] == ["Five died.", "Six died.", SEVEN]


def test_any_text_that_the_claim_has_had_for_its_readers_may_be_repeated():
    story = given(reported(1), corrected(1, {"data": {"claim": {"text": SEVEN}}}, 2))
    assert text_of(story, 0) == SEVEN
    for text in ("Six officers were killed.", SEVEN):
        assert story.post(reported(text=text))
    story.post(retracted(2, 3))
    assert text_of(story, 0) == "Six officers were killed."
    assert story.post(reported(text=SEVEN))
    assert story.fault(reported(text="Eight died.")) == CHANGED


def test_a_corrected_text_that_the_readers_do_not_see_is_none_that_they_have_had():
    story = given(reported(1), denied())
    story.post(denied(text="Six officers were killed."))  # asked for once, the texts of an audience are kept
    story.post(corrected(1, {"data": {"claim": {"text": SEVEN}}}, 2, classification="internal"))
    assert story.fault(reported(text=SEVEN)) == CHANGED
    assert story.post(reported(text=SEVEN, classification="internal"))
    assert (text_of(story, 0), text_of(story, 1)) == ("Six officers were killed.", SEVEN)


def test_a_correction_may_not_take_the_only_text_away():
    story = given(reported(1), reported(2), denied(3))
    without = {"data": {"claim": None}}
    assert story.fault(corrected(1, without)) == ("/data/patch/data/claim", "claim_text_missing")
    assert story.post(corrected(2, without))
    story = given(reported(1), denied(3), corrected(3, {"data": {"note": "by telephone"}}))
    story.post(reclassified(1, {"embargo_until": SOON}))
    assert story.fault(corrected(3, {"data": {"note": "by letter"}})) == (
        "/data/patch/data/claim",
        "claim_text_missing",
    )

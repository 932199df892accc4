"""Corrections: what a patch may reach, and that what it makes is an event like any other."""

import pytest

from domain.errors import RuleBrokenError
from tests.domain.deciding import ADMIN, EDITOR, IMPORTER, LATER, PAST, READER, SOON, given
from tests.domain.saying import (
    assessed,
    corrected,
    denied,
    erased,
    ident,
    linked,
    reclassified,
    reported,
    retracted,
)

NOTE = {"data": {"note": "by telephone"}}
SCALE = {"term": "perhaps", "scale": "numeric"}
LIKELY = {"verdict": ..., "likelihood": {**SCALE, "low_percent": 10, "high_percent": 20}}
TARGET = "/data/target_event_id"


@pytest.mark.parametrize(
    ("patch", "pointer"),
    [
        ({"type": "ClaimDenied"}, "/data/patch/type"),
        ({"recorded_at": "2024-10-04T12:00:00Z"}, "/data/patch/recorded_at"),
        ({"classification": "internal"}, "/data/patch/classification"),
        ({"event_id": None}, "/data/patch/event_id"),
        ({"claim_id": "other"}, "/data/patch/claim_id"),
        ({"source": "/x"}, "/data/patch/source"),
        ({"a/b": 1}, "/data/patch/a~1b"),
        ({"data": {"target_event_ids": [ident(1)]}}, "/data/patch/data/target_event_ids"),
        ({"data": {"target_claim_id": "another"}}, "/data/patch/data/target_claim_id"),
        ({"data": {"target_a~b": None}}, "/data/patch/data/target_a~0b"),
    ],
)
def test_a_patch_reaches_the_occurrence_and_the_data_without_targets(patch, pointer):
    assert given(reported(1), denied(2)).fault(corrected(2, patch)) == (pointer, "not_patchable")


@pytest.mark.parametrize(
    "patch",
    [
        {"occurred_at": "2024-10-03"},
        {"occurred_at": None, "occurred_basis": "stated", "occurred_text": "Tuesday"},
        {"data": {"stance": "relays", "publication": {"outlet": "AP"}}},
        {"data": {"claim": {"text": "Seven died.", "tags": ["war"]}, "wording": None}},
        {"data": {"speaker": {"name": "AP"}, "attribution": None}},
    ],
)
def test_what_it_reaches_is_corrected(patch):
    story = given(reported(1, occurred_at="2024-10-04"))
    (event,) = story.post(corrected(1, patch))
    assert event.data.patch == patch


@pytest.mark.parametrize(
    "patch",
    [
        {},
        {"data": {}},
        {"data": {"note": None}},
        {"data": {"note": ""}},
        {"data": {"stance": "affirms"}},
        {"data": {"stance": None, "basis": [], "claim": {"kind": None}}},
        {"data": {"wording": None, "attribution": None}},
        {"occurred_at": None, "occurred_basis": "unknown"},
    ],
)
def test_a_correction_changes_something(patch):
    assert given(reported(1)).fault(corrected(1, patch)) == ("/data/patch", "unchanged")


def test_it_changes_something_of_what_stands_corrected_already():
    story = given(reported(1), corrected(1, NOTE, 2))
    assert story.fault(corrected(1, NOTE, 3)) == ("/data/patch", "unchanged")
    story.post(retracted(2, 4))
    assert story.post(corrected(1, NOTE, 3))


@pytest.mark.parametrize(
    ("patch", "pointer", "rule"),
    [
        ({"data": None}, "/data/patch/data", "missing"),
        ({"data": 5}, "/data/patch/data", "model_type"),
        ({"data": {"verdict": "perhaps"}}, "/data/patch/data/verdict", "literal_error"),
        ({"data": {"verdict": None}}, "/data/patch/data", "assessment_empty"),
        ({"data": {"speaker": None}}, "/data/patch/data/speaker", "missing"),
        ({"data": {"speaker": {"kind": "anonymous"}}}, "/data/patch/data/speaker", "anonymous_named"),
        ({"data": {"decisive": 1}}, "/data/patch/data/decisive", "bool_type"),
        ({"data": {"stance": "relays"}}, "/data/patch/data/stance", "extra_forbidden"),
        ({"data": {"publication": {"url": "javascript:x"}}},
         "/data/patch/data/publication/url", "string_pattern_mismatch"),
        ({"data": {"attribution": [{"url": "http://a"}]}}, "/data/patch/data/attribution/0/party", "missing"),
        ({"occurred_at": "2024-13"}, "/data/patch/occurred_at", "fuzzy_time"),
        ({"occurred_at": "2025"}, "/data/patch/occurred_at", "occurred_in_future"),
        ({"data": {"verdict": "true", "decisive": True}}, "/data/patch/data/decisive", "decisive_refutes"),
        ({"data": {"likelihood": {**SCALE, "low_percent": 9, "high_percent": 8}}},
         "/data/patch/data/likelihood/low_percent", "likelihood_range"),
        ({"data": {"supersedes_event_id": ident(2)}}, "/data/patch/data/supersedes_event_id", "unknown_assessment"),
        ({"data": {"supersedes_event_id": ident(3)}}, "/data/patch/data/supersedes_event_id", "unknown_assessment"),
    ],
)  # fmt: skip
def test_the_corrected_event_passes_every_rule_of_a_posted_one(patch, pointer, rule):
    story = given(reported(1), assessed(2), assessed(3))
    refused = story.refusal(corrected(2, patch))
    assert isinstance(refused, RuleBrokenError)
    assert (refused.faults[0].pointer, refused.faults[0].rule) == (pointer, rule)


def test_patches_are_merged_one_onto_the_other():
    story = given(reported(1), assessed(2, data=LIKELY))
    assert story.post(corrected(2, {"data": {"likelihood": {"high_percent": 30}}}))
    assert story.fault(corrected(2, {"data": {"likelihood": {"low_percent": 31}}})) == (
        "/data/patch/data/likelihood/low_percent",
        "likelihood_range",
    )
    assert story.post(corrected(2, {"data": {"likelihood": {"low_percent": 30}}}))
    assert story.post(corrected(2, {"data": {"likelihood": None, "verdict": "mixed"}}))


def test_an_occurrence_is_held_against_the_targets_recorded_at():
    story = given()
    story.post(reported(1, recorded_at=PAST), IMPORTER)
    pointer = "/data/patch/occurred_at"
    assert story.fault(corrected(1, {"occurred_at": "2024-10-04"})) == (pointer, "occurred_in_future")
    assert story.post(corrected(1, {"occurred_at": "2024-10-03"}))


@pytest.mark.parametrize("number", range(4, 8))
def test_changes_of_events_are_not_corrected(number):
    story = given(reported(1), reported(2), reported(3), corrected(1, NOTE, 4), retracted(2, 5))
    story.post(erased(3, 6), ADMIN)
    story.post(reclassified(1, {"classification": "internal"}, 7))
    assert story.fault(corrected(number, {"data": {"reason": "another"}})) == (TARGET, "target_type")


def test_a_link_is_corrected_but_for_what_it_names():
    story, to = given(reported(1)), given(reported(9), claim_id="other-claim").claim
    story.post(linked("other-claim", 2), to=to)
    assert story.post(corrected(2, {"data": {"state": "rejected"}}))


def test_what_the_poster_does_not_see_does_not_exist():
    story = given(reported(1), denied(2, classification="internal"))
    unseen, unknown = story.refusal(corrected(2, NOTE), READER), story.refusal(corrected(3, NOTE), READER)
    assert (unseen.faults[0].pointer, unseen.faults[0].rule) == (TARGET, "unknown_target")
    assert unseen.detail.replace(ident(2), ident(3)) == unknown.detail


def test_the_result_is_what_the_poster_reads():
    story = given(reported(1), corrected(1, NOTE, 2, classification="confidential"))
    assert story.fault(corrected(1, NOTE, 3), EDITOR) == ("/data/patch", "unchanged")
    assert story.post(corrected(1, NOTE, 3), READER)


def test_a_retracted_or_erased_event_is_not_corrected():
    story = given(reported(1), denied(2), denied(3), retracted(2, 4))
    story.post(erased(3, 5), ADMIN)
    assert story.refusal(corrected(2, NOTE)).code == "target-retracted"
    assert story.refusal(corrected(3, NOTE)).code == "target-erased"
    story.post(retracted(4, 6))
    assert story.post(corrected(2, NOTE))


def corrects(**members):
    return corrected(1, NOTE, 2, **members)


def retracts(**members):
    return retracted(1, 2, **members)


@pytest.mark.parametrize("about", [corrects, retracts])
def test_what_targets_an_event_takes_its_readers_and_never_more(about):
    story = given(reported(1, classification="internal"))
    assert story.fault(about(classification="public")) == ("/classification", "wider_than_target")
    story.post(about())
    assert story.readers(2) == ("internal", None)
    story = given(reported(1, embargo_until=LATER))
    for sooner in (SOON, PAST):
        assert story.fault(about(embargo_until=sooner)) == ("/embargo_until", "wider_than_target")
    story.post(about())
    assert story.readers(2) == ("public", "embargoed")
    story = given(reported(1, embargo_until=SOON))
    story.post(about(classification="confidential"))
    assert story.readers(2) == ("confidential", "embargoed")

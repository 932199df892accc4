"""What a posted event becomes: filled in, and without what is absent."""

import json

import pytest

from domain.errors import MalformedError
from domain.posting import read_posted, read_posted_array
from tests.domain.saying import (
    CLAIM_ID,
    TEXT,
    assessed,
    attached,
    body,
    confirmed,
    corrected,
    denied,
    ident,
    linked,
    reclassified,
    reported,
    retracted,
    saying,
)

ABSENT: list[object] = [None, "", [], {}, [None], {"a": ""}, [{}], {"a": {"b": [None, ""]}}]
KYIV_POST = {"kind": "unknown", "name": "Kyiv Post"}


def read(posted, claim_id=CLAIM_ID):
    return read_posted(body(posted), claim_id).model_dump(mode="json", exclude_none=True)


def test_the_smallest_report_is_filled_in():
    data = b'{"claim": {"text": "Six officers were killed."}, "speaker": {"name": "Kyiv Post"}}'
    smallest = b'{"type": "ClaimReported", "data": ' + data + b"}"
    assert read_posted(smallest).model_dump(mode="json", exclude_none=True) == {
        "type": "ClaimReported",
        "schema_version": 1,
        "occurred_basis": "unknown",
        "data": {
            "claim": {"text": TEXT, "language": "und", "kind": "factual"},
            "speaker": KYIV_POST,
            "wording": {"paraphrase": TEXT, "language": "und"},
            "attribution": [{"party": KYIV_POST}],
            "stance": "affirms",
            "basis": ["unspecified"],
        },
    }


@pytest.mark.parametrize(
    ("posted", "filled_in"),
    [
        (denied(), {"scope": "full", "directness": "direct", "relation": "unknown"}),
        (assessed(), {"verdict": "false", "decisive": False, "assessor_kind": "other"}),
        (confirmed(), {"scope": "full", "basis": "unspecified", "confirmer_kind": "other"}),
    ],
)
def test_an_assertion_is_filled_in(posted, filled_in):
    spoken = {"speaker": KYIV_POST, "attribution": [{"party": KYIV_POST}]}
    assert read(posted)["data"] == {**spoken, **filled_in}


def test_a_link_is_confirmed_unless_it_says_otherwise():
    assert read(linked("other-claim"))["data"]["state"] == "confirmed"
    assert (
        read(saying("ClaimLinked", {**linked("other-claim")["data"], "state": "rejected"}))["data"]["state"]
        == "rejected"
    )


def test_a_report_is_worded_in_the_language_of_its_claim():
    data = {"claim": {"text": "Шестеро загинули.", "language": "uk"}}
    assert read(reported(data=data))["data"]["wording"] == {"paraphrase": "Шестеро загинули.", "language": "uk"}


def test_a_wording_and_an_attribution_of_its_own_stay():
    stated = {"wording": {"quote": "They are dead."}, "attribution": [{"party": {"name": "AP"}}]}
    data = read(reported(data=stated))["data"]
    assert data["wording"] == {"quote": "They are dead.", "language": "und"}
    assert data["attribution"] == [{"party": {"kind": "unknown", "name": "AP"}}]


@pytest.mark.parametrize("absent", ABSENT, ids=json.dumps)
def test_what_is_absent_is_dropped_wherever_it_stands(absent):
    stated = {"note": absent, "publication": {"title": absent}, "basis": absent, "import": {"row": absent}}
    party = {"name": "Kyiv Post", "role": absent}
    said = {**stated, "speaker": party, "attribution": [absent, {"party": party, "url": absent}]}
    assert read(reported(data=said, occurred_at=absent, claim_version=absent)) == read(reported())


@pytest.mark.parametrize("member", ["note", "publication", "basis", "import", "attribution", "certainty"])
@pytest.mark.parametrize("absent", [None, "", [], {}], ids=json.dumps)
def test_a_single_absent_member_is_dropped(member, absent):
    assert read(reported(data={member: absent})) == read(reported())


@pytest.mark.parametrize(
    "data", [{"import": {"row": ""}}, {"evidence_ids": [""]}, {"speaker": {"name": "A", "role": ""}}]
)
def test_a_single_absent_item_is_dropped(data):
    dropped = {"speaker": {"name": "A"}} if "speaker" in data else {}
    assert read(reported(data=data)) == read(reported(data=dropped))


def test_what_looks_absent_inside_of_text_stays():
    text = 'It said null, "" and [] and {}.'
    assert read(reported(text=text))["data"]["claim"]["text"] == text
    assert read(reported(data={"note": "\\u0000"}))["data"]["note"] == "\\u0000"


def test_a_patch_stays_as_it_was_posted():
    patch = {"occurred_at": None, "data": {"note": "", "claim": {"tags": [], "same_as": [None]}, "publication": {}}}
    event = read(corrected(1, patch, correlation_id=None))
    assert event["data"]["patch"] == patch
    assert "correlation_id" not in event
    assert read(corrected(1, {}))["data"]["patch"] == {}


def test_an_embargo_of_null_is_one_that_is_lifted():
    event = read_posted(body(reclassified(1, {"embargo_until": None, "classification": None})), CLAIM_ID)
    assert event.data.model_dump(exclude_unset=True) == {
        "target_event_id": ident(1),
        "reason": "a review",
        "embargo_until": None,
    }


def test_the_ledgers_own_instants_have_one_form_and_an_occurrence_stays_as_posted():
    posted = reported(
        embargo_until="2024-10-04T12:00:00+02:00",
        recorded_at="2024-10-04T12:00:00.5Z",
        occurred_at="2024-10-04T12:00:00+02:00",
    )
    event = read(posted)
    assert event["embargo_until"] == "2024-10-04T10:00:00.000000Z"
    assert event["recorded_at"] == "2024-10-04T12:00:00.500000Z"
    assert event["occurred_at"] == "2024-10-04T12:00:00+02:00"


def test_ids_are_compared_in_lower_case():
    given = {"target_event_ids": ["ABCDEF00-0000-4000-8000-000000000001"]}
    assert read(denied(data=given))["data"]["target_event_ids"] == ["abcdef00-0000-4000-8000-000000000001"]


def test_the_address_may_name_the_claim_instead_of_the_event():
    for posted in (reported(), retracted(1), attached()):
        assert read_posted(body(posted), "abc").claim_id == "abc"
        assert read_posted(body({**posted, "claim_id": "abc"}), "abc").claim_id == "abc"
        assert read_posted(body({**posted, "claim_id": "abc"})).claim_id == "abc"


def test_an_array_is_read_event_by_event():
    events = read_posted_array(body([reported(1), denied(2, claim_id="abc")]))
    assert [(event.event_id, event.claim_id) for event in events] == [(ident(1), None), (ident(2), "abc")]
    assert len(read_posted_array(body([reported()] * 1000), "abc")) == 1000


def test_every_fault_of_an_array_is_told_with_its_index():
    with pytest.raises(MalformedError) as caught:
        read_posted_array(body([reported(), reported(foo=1), None, reported(claim_id="abd", salt="x")]), "abc")
    faults = [(fault.pointer, fault.rule) for fault in caught.value.faults]
    assert faults == [("/1/foo", "extra_forbidden"), ("/2", "dict_type"), ("/3/salt", "string_pattern_mismatch")]


@pytest.mark.parametrize("posted", [[], [reported()] * 1001, reported(), None, "x"])
def test_an_array_holds_1_to_1000_events(posted):
    with pytest.raises(MalformedError) as caught:
        read_posted_array(body(posted))
    assert [(fault.pointer, fault.rule) for fault in caught.value.faults] == [("", "array_length")]

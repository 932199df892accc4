"""What a posted event must not be: every fault is named by its place and the rule it breaks."""

from typing import Any

import pytest

from domain.errors import MalformedError
from domain.posting import read_posted
from tests.domain.saying import (
    CLAIM_ID,
    Posted,
    assessed,
    attached,
    body,
    confirmed,
    corrected,
    declined,
    denied,
    erased,
    ident,
    linked,
    reclassified,
    reported,
    retracted,
    saying,
)


def faults(posted, claim_id=CLAIM_ID):
    with pytest.raises(MalformedError) as caught:
        read_posted(body(posted), claim_id)
    assert caught.value.detail
    return [(fault.pointer, fault.rule) for fault in caught.value.faults]


def said(**data: Any) -> Posted:
    return reported(data=data)


PARTY = "/data/speaker"


@pytest.mark.parametrize(
    ("posted", "pointer", "rule"),
    [
        ({}, "/type", "union_tag_not_found"),
        ({"type": "ClaimReports", "data": {}}, "/type", "union_tag_invalid"),
        ({"type": 1, "data": {}}, "/type", "union_tag_invalid"),
        ({"type": "ClaimReported"}, "/data", "missing"),
        (5, "", "dict_type"),
        (None, "", "dict_type"),
        ([reported()], "", "dict_type"),
        (reported(schema_version=2), "/schema_version", "literal_error"),
        (reported(schema_version=0), "/schema_version", "literal_error"),
        (reported(schema_version="1"), "/schema_version", "int_type"),
        (reported(schema_version=True), "/schema_version", "int_type"),
        (reported(schema_version=1.0), "/schema_version", "int_type"),
        (reported(event_id="17"), "/event_id", "string_pattern_mismatch"),
        (reported(event_id=ident(1).replace("-", "")), "/event_id", "string_pattern_mismatch"),
        (reported(claim_id="ab"), "/claim_id", "string_pattern_mismatch"),
        (reported(claim_id="a" * 129), "/claim_id", "string_pattern_mismatch"),
        (reported(claim_id="Abc"), "/claim_id", "string_pattern_mismatch"),
        (reported(claim_id="abc\n"), "/claim_id", "string_pattern_mismatch"),
        (reported(occurred_at="2024-13"), "/occurred_at", "fuzzy_time"),
        (reported(occurred_at=2024), "/occurred_at", "string_type"),
        (reported(occurred_basis="said"), "/occurred_basis", "literal_error"),
        (reported(recorded_at="2024-10-04"), "/recorded_at", "instant"),
        (reported(embargo_until="tomorrow"), "/embargo_until", "instant"),
        (reported(classification="secret"), "/classification", "literal_error"),
        (reported(source="a b"), "/source", "string_pattern_mismatch"),
        (reported(occured_at="2024"), "/occured_at", "extra_forbidden"),
        (said(verdict="true"), "/data/verdict", "extra_forbidden"),
        (said(**{"a/b~c": 1}), "/data/a~1b~0c", "extra_forbidden"),
        (said(speaker=...), "/data/speaker", "missing"),
        (said(speaker=None), "/data/speaker", "missing"),
        (said(speaker="Kyiv Post"), "/data/speaker", "model_type"),
        (said(speaker={"kind": "anonymous"}), PARTY, "anonymous_described"),
        (said(speaker={"kind": "anonymous", "description": "d", "name": "n"}), PARTY, "anonymous_named"),
        (said(speaker={"kind": "anonymous", "description": "d", "id": "urn:n"}), PARTY, "anonymous_named"),
        (said(speaker={"kind": "person", "organisation": "o"}), PARTY, "party_unnamed"),
        (said(speaker={"kind": "outlet"}), PARTY, "party_unnamed"),
        (said(speaker={"role": "editor"}), PARTY, "party_kind"),
        (said(speaker={"name": "n", "country": "UKR"}), "/data/speaker/country", "string_pattern_mismatch"),
        (said(speaker={"name": "n", "count": 0}), "/data/speaker/count", "greater_than_equal"),
        (said(speaker={"name": "n", "count": 2**53}), "/data/speaker/count", "less_than_equal"),
        (said(speaker={"name": "n", "count": 10**400}), "/data/speaker/count", "less_than_equal"),
        (said(speaker={"name": "n", "plural": 1}), "/data/speaker/plural", "bool_type"),
        (said(basis=["media", "media"]), "/data/basis", "repeated_item"),
        (said(basis=["rumour"]), "/data/basis/0", "literal_error"),
        (said(claim={"text": "ab"}), "/data/claim/text", "string_too_short"),
        (said(claim={"text": "a" * 2001}), "/data/claim/text", "string_too_long"),
        (said(claim={"text": "abc", "tags": ["a", "a"]}), "/data/claim/tags", "repeated_item"),
        (said(claim={"text": "abc", "language": "e"}), "/data/claim/language", "string_pattern_mismatch"),
        (said(wording={"language": "en"}), "/data/wording", "wording_empty"),
        (said(wording={"quote": "a" * 20_001}), "/data/wording/quote", "string_too_long"),
        (said(attribution=[{"party": {"name": "n"}}] * 17), "/data/attribution", "too_long"),
        (said(source_rating={"scheme": "admiralty", "reliability": "G", "credibility": 1}),
         "/data/source_rating/reliability", "literal_error"),
        (said(source_rating={"scheme": "admiralty", "reliability": "A", "credibility": 1.0}),
         "/data/source_rating/credibility", "int_type"),
        (said(**{"import": {"row": 17}}), "/data/import/row", "string_type"),
        (said(**{"import": {"row": "a" * 501}}), "/data/import/row", "string_too_long"),
        (said(**{"import": {str(n): "a" for n in range(17)}}), "/data/import", "too_long"),
        (said(publication={"content_sha256": "AB" * 32}),
         "/data/publication/content_sha256", "string_pattern_mismatch"),
        (denied(data={"target_event_ids": ["x"]}), "/data/target_event_ids/0", "string_pattern_mismatch"),
        (assessed(data={"verdict": ...}), "/data", "assessment_empty"),
        (assessed(data={"decisive": "true"}), "/data/decisive", "bool_type"),
        (assessed(data={"likelihood": {"term": "t", "scale": "phia", "low_percent": 1}}),
         "/data/likelihood/high_percent", "missing"),
        (confirmed(data={"independent_sources": 0}), "/data/independent_sources", "greater_than_equal"),
        (declined(data={"response": ...}), "/data/response", "missing"),
        (attached(data={"evidence": {"evidence_id": "a", "kind": "image"}}), "/data/evidence/description", "missing"),
        (linked("x"), "/data/target_claim_id", "string_pattern_mismatch"),
        (saying("EventCorrected", {**corrected(1, {})["data"], "patch": None}), "/data/patch", "missing"),
        (saying("EventCorrected", {**corrected(1, {})["data"], "patch": [1]}), "/data/patch", "dict_type"),
        (saying("EventRetracted", {**retracted(1)["data"], "reason": ""}), "/data/reason", "missing"),
        (saying("EventErased", {**erased(1)["data"], "reason_kind": "typo"}), "/data/reason_kind", "literal_error"),
        (reclassified(1, {}), "/data", "reclassification_empty"),
        (reclassified(1, {"embargo_until": ""}), "/data", "reclassification_empty"),
    ],
)  # fmt: skip
def test_a_malformed_event_is_refused_where_it_is_wrong(posted, pointer, rule):
    assert faults(posted) == [(pointer, rule)]


@pytest.mark.parametrize("percent", [50.0, 50.5, "50", True, 101, -1, 10**30])
def test_a_percentage_is_an_integer_of_0_to_100(percent):
    ((pointer, _),) = faults(saying("ClaimLinked", {**linked("other")["data"], "score_percent": percent}))
    assert pointer == "/data/score_percent"


def test_no_number_of_a_patch_is_a_fraction():
    rating = {"source_rating": {"scheme": "admiralty", "reliability": "A", "credibility": 1.0}}
    assert faults(corrected(1, {"data": rating})) == [("/data/patch/data/source_rating/credibility", "int_type")]
    assert faults(corrected(1, {"data": {"a": [0, -0.0]}})) == [("/data/patch/data/a/1", "int_type")]


@pytest.mark.parametrize(
    "url",
    [
        *("javascript:alert(1)", "data:text/html,x", "ftp://example.org/", "file:///etc/passwd", "//example.org", "/a"),
        *("https://example.org/a b", "https://example.org/\n", " https://example.org", "https://", "http:example.org"),
        *("https://приклад.укр/", 'https://example.org/"', "https://example.org/<a>", "https://example.org/\\"),
    ],
)
def test_an_address_is_http_or_https(url):
    pattern = "string_pattern_mismatch"
    assert faults(said(publication={"url": url, "archive_url": url})) == [
        ("/data/publication/archive_url", pattern),
        ("/data/publication/url", pattern),
    ]
    assert faults(said(attribution=[{"party": {"name": "n"}, "url": url}])) == [("/data/attribution/0/url", pattern)]
    photo = {"evidence_id": "a", "kind": "image", "description": "d", "url": url}
    assert faults(attached(data={"evidence": photo})) == [("/data/evidence/url", pattern)]


def test_addresses_of_usual_forms_are_taken():
    for url in (
        "http://example.org",
        "https://u@[::1]:8443/~a/%D0%B0?b=c&d[]=(e)#f",
        "https://xn--80a.example/'*!$,;+",
    ):
        event = read_posted(body(said(publication={"url": url})), CLAIM_ID)
        assert event.model_dump()["data"]["publication"]["url"] == url


@pytest.mark.parametrize("member", ["claim_version", "previous", "recorded_by", "salt"])
def test_what_only_the_ledger_sets_is_refused(member):
    value = {"claim_version": 1, "previous": "0" * 64, "recorded_by": "desk", "salt": "A" * 22}[member]
    assert faults({**reported(), member: value}) == [(f"/{member}", "set_by_ledger")]


def test_only_an_assertion_may_leave_out_its_claim():
    for posted in (reported(), denied(), assessed(), confirmed()):
        assert read_posted(body(posted)).claim_id is None
    others = (declined(), attached(), corrected(1, {}), retracted(1), erased(1), linked("other"))
    for posted in (*others, reclassified(1, {"classification": "public"})):
        assert faults(posted, None) == [("/claim_id", "missing")]


def test_the_event_and_the_address_name_one_claim():
    assert faults(reported(claim_id="abd"), "abc") == [("/claim_id", "claim_id_differs")]
    assert faults(retracted(1, claim_id="abd", salt="A" * 22), "abc") == [
        ("/salt", "set_by_ledger"),
        ("/claim_id", "claim_id_differs"),
    ]


def test_all_faults_are_told_at_once():
    wrong = reported(occurred_at="x", foo=1, data={"stance": "denies"})
    assert sorted(faults(wrong)) == [
        ("/data/stance", "literal_error"),
        ("/foo", "extra_forbidden"),
        ("/occurred_at", "fuzzy_time"),
    ]


def test_a_pointer_counts_items_as_they_were_posted():
    wrong = {"party": {"kind": "nobody", "name": "n"}}
    hops = [None, {"party": {"name": "n"}}, {"party": {"name": ""}}, wrong, {}, wrong]
    assert faults(said(attribution=hops)) == [
        ("/data/attribution/3/party/kind", "literal_error"),
        ("/data/attribution/5/party/kind", "literal_error"),
    ]


def test_no_text_holds_a_nul_character():
    assert faults(said(note="a\0b")) == [("/data/note", "nul")]
    assert faults(said(attribution=[{"party": {"name": "a"}}, {"party": {"name": "\0"}}])) == [
        ("/data/attribution/1/party/name", "nul")
    ]
    assert faults(corrected(1, {"data": {"a/b": ["", "\0"]}})) == [("/data/patch/data/a~1b/1", "nul")]
    assert faults(said(**{"import": {"\0": "a"}})) == [("/data/import", "nul")]

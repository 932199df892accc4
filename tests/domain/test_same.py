"""What is a retry of a recorded event, and what is another event of the same id."""

import pytest

from domain.events import encode_event
from domain.posting import read_posted
from domain.same import is_same_content
from tests.domain.deciding import EDITOR, IMPORTER, LATER, NOW, given
from tests.domain.saying import CLAIM_ID, assessed, body, corrected, linked, reclassified, reported

HOPS = [{"party": {"name": "AP"}, "verb": "said"}, {"party": {"kind": "anonymous", "description": "d"}}]
FULL = reported(
    1,
    occurred_at="2024-10-04T12:00:00+02:00",
    embargo_until=LATER,
    correlation_id="c",
    data={
        "attribution": HOPS,
        "basis": ["media", "document"],
        "import": {"row": "1"},
        "claim": {"text": "Six.", "tags": ["a"]},
    },
)


def is_same(posted, first, by=EDITOR, claim_id=CLAIM_ID):
    story = given() if first["type"] == "ClaimReported" else given(reported(8))
    (stored, *_) = story.post(first, by)
    return is_same_content(read_posted(body(posted), claim_id), encode_event(stored))


def changed(posted, **members):
    return {**posted, **members}


def said(**data):
    return changed(FULL, data={**FULL["data"], **data})


def test_the_event_posted_again_is_the_same():
    for posted in (FULL, assessed(2), corrected(8, {"data": {"note": None, "stance": "relays"}}, 2)):
        assert is_same(posted, posted)


def test_what_is_filled_in_may_be_said_or_left_out():
    party = {"kind": "unknown", "name": "Kyiv Post"}
    filled = changed(
        said(stance="affirms", speaker=party, wording={"paraphrase": "Six.", "language": "und"}),
        schema_version=1, source="/keys/editor", classification="public", occurred_basis="unknown", claim_id=CLAIM_ID,
    )  # fmt: skip
    assert is_same(filled, FULL)
    assert is_same(FULL, filled)
    assert is_same({"type": FULL["type"], "data": {"speaker": {"name": "Kyiv Post"}}}, FULL)


def test_another_form_of_the_same_instant_is_the_same_but_not_of_an_occurrence():
    assert is_same(changed(FULL, embargo_until="2024-11-01T01:00:00+01:00"), FULL)
    assert not is_same(changed(FULL, occurred_at="2024-10-04T10:00:00Z"), FULL)


@pytest.mark.parametrize(
    "other",
    [
        changed(FULL, type="ClaimDenied", data={"speaker": {"name": "Kyiv Post"}}),
        changed(FULL, correlation_id="d"),
        changed(FULL, causation_id="d"),
        changed(FULL, embargo_until=NOW),
        changed(FULL, classification="internal"),
        changed(FULL, source="/keys/reporter"),
        said(note="more"),
        said(stance="relays"),
        said(basis=["media"]),
        said(basis=["document", "media"]),
        said(attribution=HOPS[:1]),
        said(attribution=HOPS[::-1]),
        said(attribution=[{"party": {"name": "AFP"}}, HOPS[1]]),
        said(**{"import": {"row": "2"}}),
        said(**{"import": {"row": "1", "set": "x"}}),
        said(claim={"text": "Six.", "tags": ["b"]}),
        said(publication={"outlet": "AP"}),
    ],
)
def test_anything_else_said_is_another_event(other):
    assert not is_same(other, FULL)


def test_another_claim_is_another_event():
    assert not is_same(FULL, FULL, claim_id="other-claim")


def test_when_it_was_recorded_is_not_compared():
    assert is_same(changed(FULL, recorded_at="2020-01-01T00:00:00Z"), changed(FULL, recorded_at=NOW), by=IMPORTER)


@pytest.mark.parametrize("other", [{"data": {"plural": 1}}, {"data": {"plural": True, "note": None}}, {"data": {}}, {}])
def test_a_patch_is_compared_as_a_whole(other):
    patch = {"data": {"speaker": {"name": "AP", "plural": True}}}
    same = corrected(8, patch, 2)
    assert is_same(same, same)
    assert not is_same(corrected(8, {"data": {"speaker": {"name": "AP", **other.get("data", {})}}}, 2), same)


def test_what_follows_the_target_may_be_left_out():
    lifted = reclassified(8, {"classification": "internal"}, 2)
    assert is_same(changed(lifted, classification="public"), lifted)
    assert not is_same(reclassified(8, {"classification": "internal", "embargo_until": None}, 2), lifted)


def test_a_link_is_compared_as_it_was_filled_in():
    story, to = given(reported(8)), given(reported(9), claim_id="other-claim").claim
    (stored,) = story.post(linked("other-claim", 2), to=to)
    for state, same in (("confirmed", True), ("rejected", False)):
        posted = linked("other-claim", 2)
        posted["data"]["state"] = state
        assert is_same_content(read_posted(body(posted), CLAIM_ID), encode_event(stored)) is same

"""Links are shown at both of their ends, to those who see both claims."""

import json
from typing import Any

from domain.reader import Cut
from projections.as_of import claim_json
from projections.standing import get_claim
from tests.projections.story import Story


def links_of(story: Story, claim_id: str, audience: int = 2) -> list[Any]:
    row = get_claim(story.ledger.follow(batch_limit=1).connection, claim_id, audience)
    assert row is not None
    return [(link["direction"], link["claim_id"], link["state"]) for link in json.loads(row.links)]


def two_claims(**envelope: Any) -> Story:
    story = Story()
    story.report("one")
    story.report("other", **envelope)
    return story


def test_a_link_is_shown_out_of_one_claim_and_into_the_other():
    story = two_claims()
    event_id = story.link("one", "other")
    assert links_of(story, "one") == [("out", "other", "confirmed")]
    assert links_of(story, "other") == [("in", "one", "confirmed")]
    row = get_claim(story.ledger.connection, "one", 0)
    assert row is not None
    assert json.loads(row.body)["links"][0] == {
        "event_id": event_id,
        "direction": "out",
        "claim_id": "other",
        "relation": "restates",
        "state": "confirmed",
    }


def test_the_last_word_on_a_relation_holds():
    story = two_claims()
    story.link("one", "other", state="suggested")
    story.link("one", "other", state="rejected")
    assert links_of(story, "one") == [("out", "other", "rejected")]
    assert links_of(story, "other") == [("in", "one", "rejected")]


def test_a_link_that_is_retracted_is_shown_at_neither_end():
    story = two_claims()
    link = story.link("one", "other")
    assert links_of(story, "one") != []
    story.retract(link, claim_id="one")
    assert links_of(story, "one") == []
    assert links_of(story, "other") == []


def test_a_retracted_rejection_leaves_the_link_that_it_rejected():
    story = two_claims()
    story.link("one", "other")
    rejection = story.link("one", "other", state="rejected")
    story.retract(rejection, claim_id="one")
    assert links_of(story, "one") == [("out", "other", "confirmed")]


def test_a_link_to_a_claim_that_one_does_not_see_is_not_shown():
    story = two_claims(classification="internal")
    story.link("one", "other")
    assert links_of(story, "one", audience=0) == []
    assert links_of(story, "one", audience=1) == [("out", "other", "confirmed")]
    assert links_of(story, "other", audience=1) == [("in", "one", "confirmed")]


def test_a_link_is_shown_as_soon_as_its_other_end_is():
    story = Story()
    story.report("one")
    report = story.report("other", classification="internal")
    link = story.link("one", "other")
    assert links_of(story, "one", audience=0) == []
    story.reclassify(report, claim_id="other", classification="public")
    assert links_of(story, "one", audience=0) == []  # the link itself is still the staff's
    story.reclassify(link, claim_id="one", classification="public")
    assert links_of(story, "one", audience=0) == [("out", "other", "confirmed")]
    assert links_of(story, "other", audience=0) == [("in", "one", "confirmed")]


def test_audiences_that_read_the_same_but_for_a_link_have_rows_of_their_own():
    story = two_claims()
    story.link("one", "other", classification="internal")
    assert links_of(story, "other", audience=0) == []
    assert links_of(story, "other", audience=1) == [("in", "one", "confirmed")]
    assert links_of(story, "other", audience=2) == [("in", "one", "confirmed")]
    public, staff = (get_claim(story.ledger.connection, "other", audience) for audience in (0, 1))
    assert public is not None
    assert staff is not None
    assert public.item == staff.item
    assert public.etag != staff.etag


def links_at(story: Story, claim_id: str, position: int, audience: int = 2) -> list[Any]:
    body = claim_json(story.ledger.follow().connection, claim_id, audience, Cut(position=position))
    assert body is not None
    return [(link["direction"], link["claim_id"], link["state"]) for link in json.loads(body)["links"]]


def test_a_link_is_read_as_it_was_said_up_to_then():
    story = two_claims()
    story.link("one", "other", state="suggested")
    rejection = story.link("one", "other", state="rejected")
    story.correct(rejection, {"data": {"state": "confirmed"}}, claim_id="one")
    retraction = story.retract(rejection, claim_id="one")
    story.retract(retraction, claim_id="one")
    states: tuple[list[str], ...] = ([], ["suggested"], ["rejected"], ["confirmed"], ["suggested"], ["confirmed"])
    for position, expected in enumerate(states, start=2):
        assert links_at(story, "one", position) == [("out", "other", state) for state in expected]
        assert links_at(story, "other", position) == [("in", "one", state) for state in expected]


def test_a_link_of_the_past_is_shown_to_those_who_saw_both_claims_then():
    story = two_claims()
    link = story.link("one", "other", classification="internal")
    story.report("third")
    story.link("third", "one")
    assert links_at(story, "one", 4, audience=0) == []
    assert links_at(story, "other", 4, audience=0) == []
    assert links_at(story, "one", 4, audience=1) == [("out", "other", "confirmed")]
    story.reclassify(link, claim_id="one", classification="public")
    assert links_at(story, "one", 4, audience=0) == [("out", "other", "confirmed")]
    assert ("in", "third", "confirmed") in links_at(story, "one", 5, audience=0)


def test_nothing_is_left_of_a_link_that_is_erased():
    story = two_claims()
    link = story.link("one", "other")
    assert [row[1] for row in story.ledger.follow().rows()["link_events"]] == [link]
    story.erase(link, claim_id="one")
    assert links_at(story, "one", 3) == []
    assert story.ledger.rows()["link_events"] == []

"""The rules of assessments and of links."""

import pytest

from tests.domain.deciding import EDITOR, LATER, PAST, READER, REPORTER, SOON, given, poster
from tests.domain.saying import assessed, denied, erased, ident, linked, reclassified, reported, retracted


def supersedes(number):
    return {"supersedes_event_id": ident(number)}


def likely(low, high):
    return {
        "verdict": ...,
        "likelihood": {"term": "perhaps", "scale": "numeric", "low_percent": low, "high_percent": high},
    }


UNKNOWN = ("/data/supersedes_event_id", "unknown_assessment")


@pytest.mark.parametrize("verdict", ["false", "mostly_false", "fabricated"])
def test_a_refuting_verdict_may_be_decisive(verdict):
    assert given(reported(1)).post(assessed(data={"verdict": verdict, "decisive": True}))


@pytest.mark.parametrize(
    "weighed",
    [{"verdict": "true"}, {"verdict": "mixed"}, {"verdict": "unproven"}, likely(46, 46), likely(0, 46), likely(90, 99)],
)
def test_nothing_but_a_refutation_is_decisive(weighed):
    fault = given(reported(1)).fault(assessed(data={**weighed, "decisive": True}))
    assert fault == ("/data/decisive", "decisive_refutes")


def test_a_likelihood_of_at_most_45_percent_refutes():
    assert given(reported(1)).post(assessed(data={**likely(0, 45), "decisive": True}))
    contrary = {**likely(0, 45), "verdict": "true", "decisive": True}
    assert given(reported(1)).fault(assessed(data=contrary)) == ("/data/decisive", "decisive_refutes")


def test_a_likelihood_runs_from_low_to_high():
    pointer = "/data/likelihood/low_percent"
    assert given(reported(1)).post(assessed(data=likely(50, 50)))
    assert given(reported(1)).fault(assessed(data=likely(51, 50))) == (pointer, "likelihood_range")


def test_an_assessment_supersedes_an_earlier_one_of_the_claim():
    story = given(reported(1), assessed(2))
    assert story.post(assessed(3, data=supersedes(2)))
    assert story.post(assessed(4, data=supersedes(2)))
    assert story.fault(assessed(5, data=supersedes(1))) == UNKNOWN
    assert story.fault(assessed(5, data=supersedes(5))) == UNKNOWN
    assert story.fault(assessed(5, data=supersedes(77))) == UNKNOWN


def test_what_is_retracted_or_erased_may_be_superseded():
    story = given(reported(1), assessed(2), assessed(3), retracted(2, 4), erased(3, 5))
    assert story.post(assessed(data=supersedes(2)))
    assert story.post(assessed(data=supersedes(3)))


def test_an_assessment_that_the_poster_does_not_see_does_not_exist():
    story = given(reported(1), assessed(2, classification="confidential"))
    unseen = story.refusal(assessed(data=supersedes(2)), READER)
    unknown = story.refusal(assessed(data=supersedes(3)), READER)
    assert unseen.faults[0].pointer == UNKNOWN[0]
    assert unseen.detail.replace(ident(2), ident(3)) == unknown.detail
    assert story.fault(assessed(data=supersedes(2)), REPORTER) == UNKNOWN
    assert story.post(assessed(data=supersedes(2)), EDITOR)


def other(*posted):
    return given(*posted, claim_id="other-claim").claim


def test_a_claim_does_not_link_to_itself():
    story = given(reported(1))
    assert story.fault(linked("six-officers"), to=story.claim) == ("/data/target_claim_id", "self_link")


def test_a_link_names_a_claim_that_the_poster_may_read():
    story, hidden = given(reported(1)), other(reported(2, classification="confidential"))
    words = {story.refusal(linked("other-claim"), REPORTER, to=to).detail for to in (None, other(), hidden)}
    assert words == {"there is no claim other-claim"}
    assert story.fault(linked("other-claim"), REPORTER, to=hidden) == ("/data/target_claim_id", "unknown_claim")
    assert story.post(linked("other-claim"), EDITOR, to=hidden)


@pytest.mark.parametrize(
    ("first", "second", "taken"),
    [
        ({}, {"classification": "internal"}, ("public", None)),
        ({"classification": "internal"}, {}, ("public", None)),
        ({"classification": "confidential"}, {"classification": "internal"}, ("internal", None)),
        ({"embargo_until": SOON}, {"classification": "internal"}, ("public", "embargoed")),
        ({"embargo_until": PAST}, {}, ("public", None)),
    ],
)
def test_a_link_takes_the_readers_of_the_most_widely_readable_event(first, second, taken):
    story, to = given(reported(1)), other(reported(2, **first), reported(3, **second))
    story.post(linked("other-claim", 4), to=to)
    assert story.readers(4) == taken


def test_of_two_embargoes_the_link_takes_the_one_that_ends_first():
    story, to = given(reported(1)), other(reported(2, embargo_until=LATER), reported(3, embargo_until=SOON))
    assert story.post(linked("other-claim"), to=to)[0].embargo_until == "2024-10-06T00:00:00.000000Z"


def test_a_link_is_not_readable_more_widely_than_the_claim_it_names():
    story, to = given(reported(1)), other(reported(2, classification="internal"))
    assert story.fault(linked("other-claim", classification="public"), to=to) == (
        "/classification",
        "wider_than_target",
    )
    assert story.post(linked("other-claim", classification="confidential"), to=to)
    embargoed = other(reported(2, embargo_until=LATER))
    assert story.fault(linked("other-claim", embargo_until=SOON), to=embargoed) == (
        "/embargo_until",
        "wider_than_target",
    )
    assert story.fault(linked("other-claim", embargo_until=PAST), to=embargoed) == (
        "/embargo_until",
        "wider_than_target",
    )


def test_what_is_reclassified_counts_as_it_is_read_now():
    story = given(reported(1))
    to = other(reported(2), reclassified(2, {"classification": "confidential"}, 3))
    story.post(linked("other-claim", 4), to=to)
    assert story.readers(4) == ("public", None)  # of the reclassification itself, which the public still reads
    assert story.post(denied(5), poster("editor"))

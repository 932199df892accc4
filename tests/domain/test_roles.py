"""Who may post what: each role, each type, one's own events and another's."""

import pytest

from tests.domain.deciding import ADMIN, AUDITOR, EDITOR, IMPORTER, NOW, REPORTER, Story, given, poster
from tests.domain.saying import (
    assessed,
    attached,
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
)

NOTE = {"data": {"note": "by telephone"}}
OTHER_CLAIM = given(reported(90), claim_id="other-claim").claim
DECISIVE = {"decisive": True}
STATEMENTS = [reported(8), denied(8), assessed(8), confirmed(8), declined(8), attached(8), linked("other-claim", 8)]
ABOUT_ANOTHERS = [
    corrected(1, NOTE, 8),
    retracted(1, 8),
    erased(1, 8),
    reclassified(1, {"classification": "internal"}, 8),
    assessed(8, data=DECISIVE),
    assessed(8, data={"supersedes_event_id": ident(2)}),
]
POSTED = STATEMENTS + ABOUT_ANOTHERS


def supersedes(number):
    return {"supersedes_event_id": ident(number)}


def story() -> Story:
    return given(reported(1), assessed(2), by=poster("editor", "another"))


def allowed(role, posted):
    editors_only = [confirmed(8), *ABOUT_ANOTHERS]
    if role == "reporter":
        return posted not in editors_only
    return role == "admin" or (role != "auditor" and posted["type"] != "EventErased")


@pytest.mark.parametrize("role", ["reporter", "editor", "importer", "admin", "auditor"])
@pytest.mark.parametrize("posted", POSTED)
def test_a_role_allows_what_the_page_says(role, posted):
    claim = story()
    if allowed(role, posted):
        assert claim.post(posted, poster(role), to=OTHER_CLAIM)
    else:
        assert claim.refusal(posted, poster(role), to=OTHER_CLAIM).code == "role-forbids"


@pytest.mark.parametrize("by", [REPORTER, EDITOR, ADMIN])
def test_only_an_importer_sets_recorded_at(by):
    assert given().refusal(reported(recorded_at=NOW), by).code == "role-forbids"
    assert given().post(reported(recorded_at=NOW), IMPORTER)


def test_a_reporter_corrects_retracts_and_supersedes_its_own():
    claim = given(reported(1), assessed(2), by=REPORTER)
    claim.post(assessed(3, data=supersedes(2)), REPORTER)
    claim.post(corrected(1, NOTE, 4), REPORTER)
    claim.post(retracted(4, 5), REPORTER)
    claim.post(retracted(5, 6), REPORTER)
    assert claim.claim.version == 6


def test_ones_own_goes_by_the_name_of_the_key():
    claim = given(reported(1), by=poster("editor", "anna"))
    assert claim.refusal(retracted(1, 2), poster("reporter", "boris")).code == "role-forbids"
    assert claim.post(retracted(1, 2), poster("reporter", "anna"))


def test_a_reporter_does_not_supersede_a_decisive_assessment_be_it_its_own():
    anna = poster("reporter", "anna")
    claim = given(reported(1), assessed(2, data=DECISIVE), by=poster("editor", "anna"))
    assert claim.refusal(assessed(3, data=supersedes(2)), anna).code == "role-forbids"
    claim.post(corrected(2, {"data": {"decisive": None}}, 4))
    assert claim.post(assessed(3, data=supersedes(2)), anna)


def test_an_assessment_is_decisive_as_corrected():
    claim = given(reported(1), assessed(2), by=REPORTER)
    claim.post(corrected(2, {"data": DECISIVE}, 3))
    assert claim.refusal(assessed(4, data=supersedes(2)), REPORTER).code == "role-forbids"
    claim.post(corrected(2, NOTE, 5))
    assert claim.refusal(assessed(4, data=supersedes(2)), REPORTER).code == "role-forbids"
    claim.post(retracted(3, 6))
    assert claim.post(assessed(4, data=supersedes(2)), REPORTER)


@pytest.mark.parametrize("patch", [DECISIVE, supersedes(3), {"decisive": True, "verdict": "true"}])
def test_a_correction_needs_the_role_that_the_corrected_event_would(patch):
    claim = given(reported(1), assessed(2), by=REPORTER)
    claim.post(assessed(3), EDITOR)
    claim.post(assessed(4), REPORTER)
    assert claim.refusal(corrected(4, {"data": patch}, 5), REPORTER).code == "role-forbids"


def test_a_reporter_does_not_correct_a_confirmation_that_its_key_made_as_an_editors():
    claim = given(reported(1), confirmed(2), by=poster("editor", "anna"))
    assert claim.refusal(corrected(2, NOTE, 3), poster("reporter", "anna")).code == "role-forbids"
    assert claim.post(retracted(2, 3), poster("reporter", "anna"))


def test_a_reporter_does_not_correct_its_assessment_that_was_made_decisive():
    claim = given(reported(1), assessed(2), by=REPORTER)
    claim.post(corrected(2, {"data": DECISIVE}, 3))
    assert claim.refusal(corrected(2, NOTE, 4), REPORTER).code == "role-forbids"
    assert claim.post(corrected(2, {"data": {"decisive": False}}, 4), REPORTER)


def test_a_correction_that_makes_no_event_is_refused_as_that():
    claim = given(reported(1), assessed(2), by=REPORTER)
    patch = {"data": {"verdict": None, "decisive": True}}
    assert claim.fault(corrected(2, patch, 3), REPORTER) == ("/data/patch/data", "assessment_empty")


def test_who_forgets_whose_an_erased_event_was_calls_it_anothers():
    claim = given(reported(1), assessed(2), by=REPORTER)
    claim.post(erased(2, 3), ADMIN)
    assert claim.refusal(assessed(4, data=supersedes(2)), REPORTER).code == "role-forbids"
    assert claim.refusal(retracted(2, 4), REPORTER).code == "target-erased"
    assert AUDITOR.audience == EDITOR.audience

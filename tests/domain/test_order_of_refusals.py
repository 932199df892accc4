"""What is refused first: the role, then the version, then the target, then every other rule."""

import pytest

from tests.domain.deciding import ADMIN, EDITOR, REPORTER, given, poster
from tests.domain.saying import Posted, assessed, corrected, denied, erased, ident, reported, retracted

NOTE = {"data": {"note": "by telephone"}}
BROKEN: Posted = {"occurred_at": "2030", "classification": "public"}


def story():
    claim = given(reported(1), reported(2), reported(3, classification="internal"), assessed(4))
    claim.post(retracted(2, 5))
    claim.post(erased(3, 6), ADMIN)
    return claim


@pytest.mark.parametrize(
    ("posted", "code"),
    [
        (retracted(1, 9, **BROKEN), "role-forbids"),
        (retracted(2, 9, **BROKEN), "role-forbids"),
        (assessed(9, data={"decisive": True, "verdict": "true"}, **BROKEN), "role-forbids"),
        (assessed(9, data={"supersedes_event_id": ident(4)}, **BROKEN), "role-forbids"),
        (denied(9, recorded_at="2030-01-01T00:00:00Z", text="Another.", **BROKEN), "role-forbids"),
        (denied(9, text="Another.", **BROKEN), "version-mismatch"),
    ],
)
def test_the_role_comes_before_the_version(posted, code):
    assert story().refusal(posted, REPORTER, if_version=1).code == code


@pytest.mark.parametrize(
    "posted", [retracted(2, 9, **BROKEN), corrected(3, {"type": "x"}, 9, **BROKEN), denied(9, **BROKEN)]
)
def test_the_version_comes_before_the_target_and_the_rules(posted):
    assert story().refusal(posted, if_version=5).code == "version-mismatch"


@pytest.mark.parametrize(
    ("posted", "code"),
    [
        (retracted(2, 9, **BROKEN), "target-retracted"),
        (corrected(2, {"type": "x"}, 9, **BROKEN), "target-retracted"),
        (corrected(3, {"type": "x"}, 9, **BROKEN), "target-erased"),
        (retracted(3, 9, **BROKEN), "target-erased"),
        (erased(3, 9, **BROKEN), "target-erased"),
        (corrected(1, {"type": "x"}, 9, **BROKEN), "rule-broken"),
    ],
)
def test_the_target_comes_before_the_rules(posted, code):
    assert story().refusal(posted, ADMIN, if_version=6).code == code


def test_the_version_is_the_one_that_the_poster_sees():
    claim = given(reported(1), denied(2, classification="internal"), denied(3, classification="confidential"))
    versions = {0: 1, 1: 2, 2: 3}
    for audience, version in versions.items():
        by = poster("editor", audience=audience)
        for other in {0, 1, 2, 3, 4} - {version}:
            assert claim.refusal(denied(4), by, if_version=other).code == "version-mismatch"
    assert claim.post(denied(4), poster("editor", audience=0), if_version=1)


def test_a_claim_that_must_not_exist_does_not_though_the_poster_sees_none_of_it():
    assert given().post(reported(1), if_version=0)
    assert given().refusal(reported(1), if_version=1).code == "version-mismatch"
    hidden = given(reported(1, classification="confidential"))
    assert hidden.refusal(reported(2), REPORTER, if_version=0).code == "version-mismatch"
    assert hidden.refusal(reported(2), EDITOR, if_version=0).code == "version-mismatch"

"""Lists of claims: what each filter lets pass, in which order, and where the next page begins."""

import json
from dataclasses import replace
from typing import Any

import pytest

from projections import as_of
from projections.standing import Filter, list_claims
from tests.projections.ledger import Ledger
from tests.projections.story import Story


@pytest.fixture(scope="module")
def ledger(on_engine: None) -> Ledger:  # noqa: ARG001  # made anew on each engine
    story = Story()
    story.report("calm", tags=["war", "kyiv"])
    story.report("denied", tags=["war"])
    story.report("hidden", tags=["war"], classification="internal")
    story.deny("denied")
    denial = story.deny("calm", classification="confidential")
    story.report("gone", tags=["kyiv"])
    story.assess("supported", claim_id="gone")
    story.correct(denial, {"data": {"scope": "partial"}}, claim_id="calm")
    return story.ledger.follow()


def listed(ledger: Ledger, audience: int = 2, **which: Any) -> list[str]:
    """Return the claims of the first page; the one that later pages are read from must agree with it."""
    rows = list_claims(ledger.connection, Filter(**which), audience, 10)
    assert paged(ledger, audience, limit=10, **which) == [claim_id for _, claim_id, _ in rows]
    return [claim_id for _, claim_id, _ in rows]


def paged(ledger: Ledger, audience: int, limit: int, sort: as_of.Sort = "changed", **which: Any) -> list[str]:
    """Return the claims of all pages."""
    claims: list[as_of.Listed] = []
    page = as_of.Page(position=ledger.position, sort=sort, after=None, limit=limit)
    while found := as_of.list_claims(ledger.connection, Filter(**which), audience, page):
        claims += found
        page = replace(page, after=found[-1].place)
    return [claim.claim_id for claim in claims]


def test_claims_are_listed_from_the_one_that_changed_last(ledger):
    assert listed(ledger) == ["calm", "gone", "denied", "hidden"]


def test_what_an_audience_may_not_read_moves_no_claim_in_its_list(ledger):
    assert listed(ledger, audience=1) == ["gone", "denied", "hidden", "calm"]
    assert listed(ledger, audience=0) == ["gone", "denied", "calm"]


@pytest.mark.parametrize(
    ("which", "claims"),
    [
        ({"status": "denied"}, ["calm", "denied"]),
        ({"status": "confirmed"}, []),
        ({"contested": True}, ["calm", "denied"]),
        ({"contested": False}, ["gone", "hidden"]),
        ({"tag": "war"}, ["calm", "denied", "hidden"]),
        ({"tag": "kyiv"}, ["calm", "gone"]),
        ({"tag": "peace"}, []),
        ({"status": "assessed", "contested": False}, ["gone"]),
        ({"status": "denied", "contested": False}, []),
        ({"tag": "war", "status": "reported"}, ["hidden"]),
        ({"tag": "war", "contested": True}, ["calm", "denied"]),
        ({"tag": "kyiv", "status": "denied", "contested": True}, ["calm"]),
    ],
)
def test_a_filter_lets_pass_what_meets_every_part_of_it(ledger, which, claims):
    assert listed(ledger, **which) == claims


def test_a_filter_judges_by_what_the_audience_reads(ledger):
    assert listed(ledger, audience=0, status="reported") == ["calm"]
    assert listed(ledger, audience=0, tag="war", contested=True) == ["denied"]
    assert listed(ledger, audience=0, tag="war", status="reported") == ["calm"]


@pytest.mark.parametrize("which", [{}, {"tag": "war"}, {"status": "denied"}, {"contested": False}])
def test_pages_of_one_are_the_list(ledger, which):
    assert paged(ledger, audience=2, limit=1, **which) == listed(ledger, **which)


def test_claims_are_listed_by_id_or_from_the_one_that_was_created_last(ledger):
    assert paged(ledger, audience=2, limit=2, sort="claim_id") == ["calm", "denied", "gone", "hidden"]
    assert paged(ledger, audience=2, limit=2, sort="created") == ["gone", "hidden", "denied", "calm"]


def test_claims_are_listed_as_one_of_them_is_shown_but_without_links(ledger):
    ((position, claim_id, item),) = list_claims(ledger.connection, Filter(), 2, 1)
    claim = json.loads(item)
    assert (claim["position"], claim["claim_id"]) == (position, claim_id)
    assert "links" not in claim

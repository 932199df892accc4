"""Changes of standing: what the public saw a claim come to, event by event."""

import json
from itertools import pairwise

import pytest
from hypothesis import given, settings

from projections.changes import Change, list_latest
from tests.projections.ledger import Ledger
from tests.projections.random_ledgers import ledgers
from tests.projections.story import Story


def told(ledger: Ledger) -> list[tuple[object, ...]]:
    """Return each change: the claim, how it stands, and how it stood."""
    return [(each.claim_id, each.status, bool(each.contested), each.former_status) for each in latest(ledger)]


def latest(ledger: Ledger) -> list[Change]:
    return list_latest(ledger.connection, 1000)


@pytest.mark.parametrize("batch_limit", [1, 1000])
def test_an_event_that_changes_no_standing_is_no_change(batch_limit):
    story = Story()
    for _ in range(3):
        story.report("claim")
    story.report("other")
    denial = story.deny("claim")
    story.deny("claim")
    changes = latest(story.ledger.follow(batch_limit=batch_limit))
    assert told(story.ledger) == [
        ("claim", "denied", True, "reported"),
        ("other", "reported", False, None),
        ("claim", "reported", False, None),
    ]
    assert changes[0].event_id == denial
    assert json.loads(changes[0].item)["standing"]["counts"]["denials"] == 2


def test_what_the_public_does_not_see_is_no_change():
    story = Story()
    story.report("hidden", classification="internal")
    report = story.report("claim")
    story.deny("claim", classification="internal")
    assert told(story.ledger.follow()) == [("claim", "reported", False, None)]
    story.reclassify(report, "claim", classification="confidential")
    # That it was reclassified is seen by those who saw it before.
    assert told(story.ledger.follow()) == [("claim", "unreported", False, None)]


@pytest.mark.thorough
@settings(max_examples=20)
@given(ledgers())
def test_changes_are_those_between_one_outline_and_the_next(events):
    ledger = Ledger(events).follow(batch_limit=3)
    expected = set()
    for claim_id, fold in ledger.folds().items():
        outlines = list(fold.outlines(0)) if fold.runs()[0].first == 0 else []
        for before, after in pairwise([None, *outlines]):
            former = before and (before.status, before.contested)
            if after and former != (after.status, after.contested):
                expected.add((claim_id, after.status, after.contested, former and former[0]))
    assert set(told(ledger)) == expected

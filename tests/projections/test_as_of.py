"""What was read at an earlier position is what the events up to there said: of a long claim, from its snapshots."""

import json
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.audience import AUDIENCES
from domain.reader import Cut
from projections.as_of import claim_json
from projections.rendering import render_item
from projections.snapshots import kept_versions, reading_at
from tests.projections.engines import unguard
from tests.projections.ledger import Ledger
from tests.projections.long_story import long_story
from tests.projections.random_ledgers import ledgers
from tests.projections.story import CLAIM, Story
from tests.projections.test_readings import links_of


@pytest.fixture(scope="module")
def long(on_engine: None) -> Ledger:  # noqa: ARG001  # made anew on each engine
    return long_story(seed=1).ledger.follow(batch_limit=50)


def snapshots(ledger: Ledger) -> list[tuple[Any, ...]]:
    return ledger.rows()["snapshots"]


@pytest.mark.thorough
@settings(max_examples=20)
@given(st.data(), ledgers(), st.booleans())
def test_every_claim_is_read_as_its_events_up_to_then_say(data, events, by_occurrence):
    ledger = Ledger(events).follow()
    position = data.draw(st.integers(0, len(events)))
    valid_us = data.draw(st.integers(1_600_000_000_000_000, 1_800_000_000_000_000)) if by_occurrence else Cut().valid_us
    cut = Cut(position=position, valid_us=valid_us)
    for audience in AUDIENCES:
        readings = {claim_id: fold.reading(audience, cut) for claim_id, fold in ledger.folds().items()}
        seen = {claim_id: reading for claim_id, reading in readings.items() if reading is not None}
        for claim_id in ledger.folds():
            body = claim_json(ledger.connection, claim_id, audience, cut)
            if claim_id not in seen:
                assert body is None
                continue
            expected = {**json.loads(render_item(claim_id, seen[claim_id])), "links": links_of(claim_id, seen)}
            assert json.loads(body or b"") == expected


@pytest.mark.thorough
def test_a_long_claim_is_read_from_its_snapshots_as_from_its_events(long):
    assert {row[2] for row in snapshots(long)} == {100, 200, 300}
    fold, last = long.fold(CLAIM), len(long.events)
    for position in {*range(1, last, 9), 99, 100, 101, 199, 200, 201, 299, 300, 301, last}:
        for audience in AUDIENCES:
            cut = Cut(position=position)
            assert reading_at(long.connection, CLAIM, audience, cut) == fold.reading(audience, cut)


@pytest.mark.thorough
def test_following_keeps_the_snapshots_of_a_rebuild():
    events = [json.loads(state) for state in long_story(seed=2, deeds=230).states.values()]
    random, followed = Random(2), Ledger()
    for event in events:
        followed.append(event)
        if random.random() < 0.1:
            followed.follow(batch_limit=7, cached_events=1)
    assert followed.follow().rows() == Ledger(events).follow(batch_limit=1000).rows()
    assert len(snapshots(followed)) == 6


def test_a_version_is_kept_every_hundred_or_when_the_claim_has_grown_by_a_tenth():
    versions = list(kept_versions(0, 1400))
    assert versions == [100, 200, 300, 400, 500, 600, 700, 800, 900, 1000, 1100, 1210, 1331]
    assert list(kept_versions(1000, 1210)) == [1100, 1210]
    assert len(list(kept_versions(0, 100_000))) == 58


def test_what_came_before_a_snapshot_is_not_read_again():
    story = Story()
    reports = [story.report(occurred_at="2024") for _ in range(210)]
    story.correct(reports[150], {"occurred_at": "2023"})
    ledger = story.ledger.follow()
    expected = {position: ledger.fold(CLAIM).reading(0, Cut(position=position)) for position in (110, 205, 211)}
    forget(ledger, 100)
    for position, reading in expected.items():
        assert reading_at(ledger.connection, CLAIM, 0, Cut(position=position)) == reading
    forget(ledger, 120)
    with pytest.raises(ValueError, match="expected value"):
        reading_at(ledger.connection, CLAIM, 0, Cut(position=211))


def forget(ledger: Ledger, upto: int) -> None:
    """Make the first events unreadable: who reads them fails."""
    unguard(ledger.connection)
    ledger.connection.execute("UPDATE ledger.stored_events SET state = ? WHERE position <= ?", (b"\0", upto))


def test_nothing_of_an_erased_event_is_left_in_a_snapshot():
    story = Story()
    story.report()
    secret = story.post("ClaimReported", {"speaker": {"name": "A Secret Source"}})
    for _ in range(200):
        story.deny()
    assert any(b"A Secret Source" in row[-1] for row in snapshots(story.ledger.follow()))
    story.erase(secret)
    assert {row[2] for row in snapshots(story.ledger.follow())} == {100, 200}
    assert not any(b"A Secret Source" in row[-1] for row in snapshots(story.ledger))

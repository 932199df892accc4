"""The standing, held to the scenarios, to the example story, and to the slow and obvious version of the rules."""

import json
from itertools import islice, permutations
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from domain.times import parse_instant
from tests.domain import reference
from tests.domain.folding import cut, fold, standing
from tests.domain.stream_values import keeps_rules
from tests.domain.streams import claim_streams, cuts

DATA = Path(__file__).parents[1] / "data"
SCENARIOS = json.loads((DATA / "standing_scenarios.json").read_text())


def agrees(expected: Any, actual: Any) -> bool:
    if isinstance(expected, dict):
        return all(agrees(value, actual[name]) for name, value in expected.items())
    return bool(expected == actual)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=[scenario["name"] for scenario in SCENARIOS])
def test_a_scenario_holds_in_every_order(scenario):
    events = [{"claim_version": version, **event} for version, event in enumerate(scenario["events"], start=1)]
    for order in islice(permutations(events), 720):
        assert agrees(scenario["expect"], standing(order, **scenario.get("cuts", {})))


def test_the_example_story_stands_as_expected():
    claims: dict[str, list[dict[str, Any]]] = {}
    for line in (DATA / "seed.ndjson").read_text().splitlines():
        event = json.loads(line)
        stream = claims.setdefault(event["claim_id"], [])
        stream.append({**event, "claim_version": len(stream) + 1, "recorded_at": "2026-01-01T00:00:00Z"})
    expected = [json.loads(line) for line in (DATA / "expected_seed.jsonl").read_text().splitlines()]
    assert len(expected) == len(claims) == 15
    for claim in expected:
        now = {name: value for name, value in claim["now"].items() if name != "late_arrivals"}
        assert agrees(now, standing(claims[claim["claim_id"]]))


@given(st.data(), st.integers(0, 2), st.randoms(use_true_random=False))
def test_the_fold_agrees_with_the_rules_as_the_page_has_them(data, audience, random: Random):
    events = data.draw(claim_streams())
    cuts_at = data.draw(cuts(events))
    shuffled = random.sample(events, len(events))
    note(f"order {[event['claim_version'] for event in shuffled]}")
    reading = fold(shuffled, read_after_each=random.random() < 0.5).reading(audience, cut(**cuts_at))
    seen = reference.visible(events, audience)
    known = [event for event in seen if parse_instant(event["recorded_at"]) <= cut(**cuts_at).known_us]
    if not known:
        assert reading is None
        return
    assert reading is not None
    assert reading.standing == reference.standing(events, audience=audience, is_valid=keeps_rules, **cuts_at)
    assert reading.version == max(event["claim_version"] for event in known)


@given(claim_streams(tombstoned=True), st.integers(0, 2))
def test_what_is_left_of_erased_events_gives_the_same_standing(events, audience):
    reading = fold(events).reading(audience)
    seen = reference.visible(events, audience)
    expected = reference.standing(events, audience=audience, is_valid=keeps_rules) if seen else None
    assert (None if reading is None else reading.standing) == expected


@given(claim_streams(), st.integers(0, 2))
def test_a_reader_is_shown_the_first_text_that_it_may_read(events, audience):
    reading = fold(events).reading(audience)
    shown = reference.claim_shown(events, audience=audience, is_valid=keeps_rules)
    if reading is None or reading.claim is None:
        assert shown is None
    else:
        assert reading.claim.model_dump(exclude_none=True, mode="json") == shown

"""The reference holds every expected standing, and the generated streams are what a ledger stores."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from . import streams
from .reference import standing, visible
from .reference_content import Event

ROOT = Path(__file__).parents[2]
OWN = ROOT / "tests" / "data"
SHARED = ROOT.parent / "shared" / "data"
POSTED_AT = "2024-11-16T00:00:00.000000Z"
SCENARIOS: list[Event] = json.loads((OWN / "standing_scenarios.json").read_text("utf-8"))

needs_shared_data = pytest.mark.skipif(
    not (SHARED / "emergent.ndjson").exists(),
    reason="the data of real rumours is not beside this checkout",
)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario["name"])
def test_scenario_holds_in_every_order(scenario: Event) -> None:
    events = numbered(scenario["events"])
    for seed in range(6):
        shuffled = random.Random(seed).sample(events, len(events))
        assert_holds(scenario["expect"], standing(shuffled, **scenario.get("cuts", {})))


def test_seed_standings_hold() -> None:
    claims = by_claim(OWN / "seed.ndjson")
    for expected in lines(OWN / "expected_seed.jsonl"):
        # The late arrivals of the seed depend on when it was posted.
        now = {**expected["now"], "late_arrivals": 0}
        assert {**standing(claims[expected["claim_id"]]), "late_arrivals": 0} == now


@needs_shared_data
def test_standings_of_real_rumours_hold_now_and_as_known_earlier() -> None:
    claims = by_claim(SHARED / "emergent.ndjson")
    for expected in lines(SHARED / "expected" / "emergent.jsonl"):
        events = claims[expected.pop("claim_id")]
        assert standing(events) == expected.pop("now")
        for cut, then in expected.items():
            assert_holds(then, standing(events, known_at=cut.removeprefix("known_at ")))


def test_a_public_reader_does_not_see_an_embargoed_denial_until_it_is_lifted() -> None:
    report, denial = numbered(SCENARIOS[1]["events"])
    embargoed = {**denial, "embargo_until": "2024-11-01T00:00:00Z"}
    lifted = reclassified(denial, {"embargo_until": None})
    assert standing([report, embargoed], audience=0)["status"] == "reported"
    assert standing([report, embargoed], audience=1)["status"] == "denied"
    assert standing([report, embargoed, lifted], audience=0)["status"] == "denied"


def test_an_embargo_that_has_passed_when_posted_has_no_effect() -> None:
    report, denial = numbered(SCENARIOS[1]["events"])
    passed = {**denial, "embargo_until": denial["recorded_at"]}
    assert standing([report, passed], audience=0)["status"] == "denied"


def test_visibility_is_judged_as_of_now() -> None:
    report, denial = numbered(SCENARIOS[1]["events"])
    hidden = reclassified(denial, {"classification": "confidential"})
    cut = denial["recorded_at"]
    assert standing([report, denial, hidden], known_at=cut, audience=1)["status"] == "reported"
    assert standing([report, denial, hidden], known_at=cut, audience=2)["status"] == "denied"


def test_a_correction_with_an_invalid_result_is_skipped() -> None:
    report, denial = numbered(SCENARIOS[1]["events"])
    patch = {"data": {"directness": "by_implication"}}
    correction = aimed_at(denial, "EventCorrected", {"patch": patch, "reason_kind": "other"})
    events = [report, denial, correction]
    assert standing(events)["counts"]["denials_direct"] == 0
    skipped = standing(events, is_valid=lambda event: event["data"]["directness"] == "direct")
    assert skipped["counts"]["denials_direct"] == 1
    assert skipped["counts"]["corrections"] == 1


@given(streams.claim_streams())
def test_streams_are_valid_stored_events_in_ledger_order(events: list[Event]) -> None:
    schema = json.loads((OWN / "event.schema.json").read_text("utf-8"))
    validator = Draft202012Validator(schema, format_checker=FormatChecker())
    for event in events:
        validator.validate(event)
    assert [event["claim_version"] for event in events] == list(range(1, len(events) + 1))
    recorded = [event["recorded_at"] for event in events]
    assert recorded == sorted(recorded)


@given(streams.claim_streams(), st.data())
def test_the_content_of_what_is_erased_makes_no_difference(events: list[Event], data: Any) -> None:
    cut = data.draw(streams.cuts(events))
    for audience in (0, 1, 2):
        whole = standing(events, audience=audience, **cut)
        assert standing(streams.with_tombstones(events), audience=audience, **cut) == whole


@given(streams.claim_streams(), st.randoms(use_true_random=False))
def test_order_makes_no_difference(events: list[Event], chance: random.Random) -> None:
    assert standing(chance.sample(events, len(events))) == standing(events)


@given(streams.claim_streams())
def test_each_audience_includes_the_ones_before_it(events: list[Event]) -> None:
    public, staff, desk = ({event["event_id"] for event in visible(events, audience)} for audience in (0, 1, 2))
    assert public <= staff <= desk == {event["event_id"] for event in events}


def numbered(events: list[Event]) -> list[Event]:
    """Return the events with their place in the list as claim version."""
    return [{**event, "claim_version": place} for place, event in enumerate(events, 1)]


def lines(path: Path) -> Iterator[Event]:
    """Yield the values of an NDJSON file."""
    return map(json.loads, path.read_text("utf-8").splitlines())


def by_claim(path: Path) -> dict[str, list[Event]]:
    """Return the events of a file by claim, with an instant of recording where it has none."""
    claims: dict[str, list[Event]] = {}
    for event in lines(path):
        claims.setdefault(event["claim_id"], []).append({"recorded_at": POSTED_AT, **event})
    return claims


def aimed_at(target: Event, event_type: str, data: Event) -> Event:
    """Return an event about the target, recorded right after it."""
    return {
        "event_id": "00000000-0000-4000-8000-000000000001",
        "type": event_type,
        "claim_version": target["claim_version"] + 1,
        "recorded_at": target["recorded_at"],
        "data": {"target_event_id": target["event_id"], "reason": "because", **data},
    }


def reclassified(target: Event, change: Event) -> Event:
    """Return a reclassification of the target, recorded right after it."""
    return aimed_at(target, "EventReclassified", change)


def assert_holds(expected: Event, actual: Event) -> None:
    """Assert every expected member, and of objects only the members that are named."""
    for name, value in expected.items():
        if isinstance(value, dict) and isinstance(actual[name], dict):
            assert_holds(value, actual[name])
        else:
            assert actual[name] == value, name

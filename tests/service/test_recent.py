"""Who follows is handed what was just recorded, if it is what is stored, and nothing else."""

from pathlib import Path

import pytest

from domain.commands import Poster, RecordEvent
from domain.events import Tombstone, read_event
from domain.facts import fact_of
from domain.posting import read_posted
from domain.times import parse_instant
from projections.recent import RecentEvent, RecentEvents
from service.batch import ClaimCache, Decisions
from service.store.records import Recorded
from service.store.sqlite import LedgerApplication, prepare_ledger
from tests.reachable import texts_in
from tests.service.posting import erase

SEED = Path(__file__).parents[1] / "data" / "seed.ndjson"
NOW_US = parse_instant("2026-01-01T00:00:00Z")
EDITOR = Poster(name="desk", role="editor", audience=2)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> list[Recorded]:
    path = prepare_ledger(tmp_path_factory.mktemp("recent"))
    with LedgerApplication(path) as application, application.recorder.batch() as batch:
        decisions = Decisions(batch, ClaimCache(1000), NOW_US)
        for line in SEED.read_bytes().splitlines():
            assert isinstance(decisions.decide_all([RecordEvent(event=read_posted(line), poster=EDITOR)]), tuple)
    return decisions.appended


def recent_events(recorded: list[Recorded], max_events: int = 100) -> RecentEvents:
    recent = RecentEvents(max_events)
    for each in recorded:
        assert each.state is not None
        assert not isinstance(each.event, Tombstone)
        recent.put([RecentEvent(each.position, each.state, each.event)])
    return recent


def test_each_event_is_taken_once_in_their_order(recorded):
    recent = recent_events(recorded)
    assert [recent.take(each.position, each.state) for each in recorded] == [each.event for each in recorded]
    assert recent.take(recorded[-1].position, recorded[-1].state) is None


def test_what_was_recorded_counts_as_what_is_read_back(recorded):
    for each in recorded:
        assert fact_of(each.event, each.position) == fact_of(read_event(each.state), each.position)


def test_other_bytes_are_another_event(recorded):
    assert recent_events(recorded).take(recorded[0].position, b"{}") is None


def test_what_is_passed_by_is_forgotten(recorded):
    recent = recent_events(recorded)
    assert recent.take(recorded[4].position, recorded[4].state) is recorded[4].event
    assert recent.take(recorded[3].position, recorded[3].state) is None


def test_who_is_far_behind_finds_nothing_and_loses_nothing(recorded):
    recent = recent_events(recorded, max_events=2)
    assert recent.take(recorded[0].position, recorded[0].state) is None
    assert recent.take(recorded[-2].position, recorded[-2].state) is recorded[-2].event


def test_with_an_erasure_all_before_it_is_forgotten(recorded):
    recent = recent_events(recorded)
    assert recorded[0].state.decode() in texts_in(recent)
    erasure = erase(recorded[0].event.event_id).event
    recent.put([RecentEvent(37, b"{}", erasure)])
    assert recorded[0].state.decode() not in texts_in(recent)
    assert recent.take(37, b"{}") is erasure


def test_what_is_erased_elsewhere_is_forgotten_and_not_taken_in_afterwards(recorded):
    recent = recent_events(recorded[:3])
    recent.forget_to(recorded[3].position)
    assert recorded[0].state.decode() not in texts_in(recent)
    recent.put([RecentEvent(each.position, each.state, each.event) for each in recorded[3:5]])
    assert recent.take(recorded[3].position, recorded[3].state) is None
    assert recent.take(recorded[4].position, recorded[4].state) is recorded[4].event

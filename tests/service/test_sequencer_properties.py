"""Random commands are decided by the sequencer, whatever it caches, as by a replay of all that is stored."""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from api.ports import Outcome
from domain.claim import Claim, evolve
from domain.commands import RecordEvent, Surroundings
from domain.decide import decide, stamp
from domain.errors import ErasedError, EventIdTakenError, Refusal
from domain.events import ClaimLinked, Event, EventErased, Tombstone, tombstone_of
from domain.noting import note_of
from domain.same import is_same_content
from domain.times import parse_instant
from service.sequencer import Limits
from service.store.records import Recorded, record
from tests.service.desk import NOON_US, Desk, opened, outcomes, stored
from tests.service.posting import correct, deny, erase, event_id, link, reclassify, refused, report, retract

Answer = list[tuple[str | None, str | None, int, int, bool]] | tuple[str, int]


class Replay:
    """The slow and obvious ledger: a list, and every claim is read from its start for every command."""

    def __init__(self) -> None:
        self.stored: list[Recorded] = []

    def answer(self, group: Sequence[RecordEvent]) -> Answer:
        before, answers = list(self.stored), []
        for index, command in enumerate(group):
            try:
                answers.append(self._decide(command))
            except Refusal as refusal:
                self.stored = before
                return refusal.code, index
        return answers

    def _decide(self, command: RecordEvent) -> tuple[str | None, str | None, int, int, bool]:
        posted = command.event
        for known in self.stored:
            if posted.event_id and known.event.event_id == posted.event_id:
                if known.state is None:
                    raise ErasedError("")
                if not is_same_content(posted, known.state):
                    raise EventIdTakenError("")
                return _place(known, is_duplicate=True)
        claim, mark = self._claim(posted.claim_id), len(self.stored)
        last_us = parse_instant(self.stored[-1].event.recorded_at or "") if self.stored else 0
        linked = self._claim(posted.data.target_claim_id) if isinstance(posted, ClaimLinked) else None
        at = Surroundings(now_us=NOON_US, last_us=last_us, linked=linked, read=self._read)
        for draft in decide(claim, command, at):
            event = stamp(claim, draft, command.poster, event_id(10**6 + len(self.stored)), "A" * 22)
            self.stored.append(record(event, len(self.stored) + 1))
            evolve(claim, note_of(event), self.stored[-1].digest)
            if isinstance(event, EventErased):
                self._erase(event.data.target_event_id)
        return _place(self.stored[mark], is_duplicate=False)

    def _erase(self, erased: str) -> None:
        for place, recorded in enumerate(self.stored):
            if recorded.event.event_id == erased and not isinstance(recorded.event, Tombstone):
                self.stored[place] = replace(recorded, event=tombstone_of(recorded.event), state=None)

    def _claim(self, claim_id: str | None) -> Claim:
        claim = Claim(claim_id=claim_id or "")
        for recorded in self.stored:
            if recorded.originator_id == claim_id:
                evolve(claim, note_of(recorded.event), recorded.digest)
        return claim

    def _read(self, wanted: str) -> Event:
        (event,) = (recorded.event for recorded in self.stored if recorded.event.event_id == wanted)
        assert not isinstance(event, Tombstone)
        return event


def _place(recorded: Recorded, *, is_duplicate: bool) -> tuple[str | None, str | None, int, int, bool]:
    event = recorded.event
    return event.event_id, event.claim_id, recorded.originator_version, recorded.position, is_duplicate


def answer_of(outcome: Outcome) -> Answer:
    if isinstance(outcome, Refusal):
        return outcome.code, outcome.index
    assert isinstance(outcome, tuple), outcome
    return [(r.event_id, r.claim_id, r.claim_version, r.position, r.duplicate) for r in outcome]


CLAIMS = st.sampled_from([f"claim-{number}" for number in range(3)])
IDS = st.integers(1, 7).map(event_id)
COMMANDS = st.one_of(
    st.builds(report, CLAIMS, event_id=IDS),
    st.builds(report, CLAIMS, event_id=IDS),
    st.builds(deny, CLAIMS, event_id=IDS, classification=st.sampled_from(("public", "internal"))),
    st.builds(deny, CLAIMS, event_id=IDS, if_version=st.integers(0, 3)),
    st.builds(link, CLAIMS, CLAIMS, event_id=IDS),
    st.builds(retract, IDS, CLAIMS, event_id=IDS),
    st.builds(correct, IDS, CLAIMS, event_id=IDS, note=st.sampled_from(("by telephone", "by letter"))),
    st.builds(reclassify, IDS, CLAIMS, event_id=IDS, to=st.sampled_from(("public", "internal", "confidential"))),
    st.builds(erase, IDS, CLAIMS, event_id=IDS),
    st.builds(refused, CLAIMS, event_id=IDS),
)
REQUESTS = st.lists(st.lists(st.lists(COMMANDS, min_size=1, max_size=4), min_size=1, max_size=4), max_size=12)


@settings(max_examples=40)
@given(REQUESTS, st.sampled_from((1, 3, 100)), st.sampled_from((1, 3, 512)), st.booleans())
def test_a_sequencer_answers_as_a_fresh_replay_whatever_it_holds(requests, cached_events, batch, waits):
    replay = Replay()
    expected = [[replay.answer(group) for group in request] for request in requests]
    with tempfile.TemporaryDirectory() as folder:
        answers = list(_answers(Path(folder), requests, Limits(cached_events=cached_events, batch=batch), waits))
        left = [(row["position"], row["state"] is None, row["tombstone"] is not None) for row in _stored(Path(folder))]
    assert [[answer_of(outcome) for outcome in outcomes] for outcomes in answers] == expected
    assert left == [(each.position, each.state is None, each.state is None) for each in replay.stored]


def _stored(folder: Path) -> list[dict[str, Any]]:
    with opened(folder) as application:
        return stored(application)


def _answers(
    folder: Path, requests: Sequence[Sequence[Sequence[RecordEvent]]], limits: Limits, waits: bool
) -> Iterator[list[Outcome]]:
    """Post all at once, or one after the other through two sequencers in turn."""
    with opened(folder) as application, opened(folder) as elsewhere:
        desks = Desk(application.recorder, limits=limits), Desk(elsewhere.recorder, limits=limits)
        queued = [] if waits else [desks[0].submit(*request) for request in requests]
        with desks[0], desks[1]:
            for index, request in enumerate(requests):
                yield outcomes(desks[index % 2].submit(*request) if waits else queued[index])

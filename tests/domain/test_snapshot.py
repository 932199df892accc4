"""A reader that was written down and read back goes on as if it had never been."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.audience import AUDIENCES
from domain.facts import fact_of
from domain.fold import corrected_fact
from domain.reader import Reader, reaches_back
from domain.snapshot import freeze, thaw
from tests.domain.folding import fold, to_event
from tests.domain.reference_view import erased_ids
from tests.domain.streams import claim_streams


class Part:
    """The events that an audience sees, any number of which may be folded on top of others."""

    def __init__(self, events, audience):
        whole = fold(events)
        self.read: dict[str, Any] = {event["event_id"]: to_event(event) for event in events}
        seen = [event_id for event_id in self.read if whole.audience_of(event_id) <= audience]
        self.facts = [fact_of(self.read[event_id], self.read[event_id].claim_version) for event_id in seen]
        self.erased = erased_ids(events)

    def take_in(self, reader, start, end):
        def correct(fact, corrections):
            return corrected_fact(fact, corrections, self.read.__getitem__)

        reader.add_all(self.facts[start:end], self.erased, correct)
        return reader


@given(st.data(), claim_streams(), st.sampled_from(AUDIENCES))
def test_who_goes_on_from_a_snapshot_reads_what_a_fold_from_the_start_reads(data, events, audience):
    part = Part(events, audience)
    at = data.draw(st.integers(0, len(part.facts)))
    frozen = freeze(part.take_in(Reader(), 0, at))
    for upto in range(at, len(part.facts) + 1):
        whole = part.take_in(Reader(), 0, upto)
        if not reaches_back(part.facts[at:upto]):
            later = part.take_in(thaw(frozen), at, upto)
            assert later.reading() == whole.reading()
            assert later.names == whole.names
            assert freeze(later) == freeze(whole)


@settings(max_examples=12)
@given(claim_streams(), st.sampled_from(AUDIENCES))
def test_what_is_added_one_by_one_to_a_thawed_reader_counts_as_in_one_that_was_not(events, audience):
    part = Part([event for event in events if "target_event_id" not in event["data"]], audience)
    reader, whole = Reader(), Reader()
    for fact in part.facts:
        reader = thaw(freeze(reader))
        reader.add(fact)
        whole.add(fact)
        assert reader.outline() == whole.outline()
        assert (reader.reading(), freeze(reader)) == (whole.reading(), freeze(whole))


@settings(max_examples=12)
@given(claim_streams(), st.integers(1, 5))
def test_a_claim_writes_down_what_each_of_its_readers_read_at_each_version(events, step):
    versions = range(step, len(events) + 1, step)
    written = {(s.first, s.version, s.position): s.state for s in fold(events).snapshots(versions)}
    assert written.keys() == {(run.first, v, v) for run in fold(events).runs() for v in versions}
    for (first, version, _), state in written.items():
        part = Part(events, first)
        upto = sum(fact.version <= version for fact in part.facts)
        assert state == freeze(part.take_in(Reader(), 0, upto))


@settings(max_examples=12)
@given(st.data(), claim_streams())
def test_it_makes_no_difference_which_snapshots_are_there_to_go_on_from(data, events):
    last = len(events)
    versions = sorted(data.draw(st.sets(st.integers(1, last), min_size=1)))
    every = list(fold(events).snapshots(range(1, last + 1)))
    kept = [snapshot for snapshot in every if snapshot.version == versions[0]]
    following = list(fold(events).snapshots(versions[1:], kept))
    assert following == [snapshot for snapshot in every if snapshot.version in versions[1:]]


@settings(max_examples=12)
@given(claim_streams())
def test_the_last_version_is_written_down_as_if_it_were_one_of_many(events):
    last = len(events)
    alone = fold(events, read_after_each=True).snapshots([last])
    assert list(alone) == [s for s in fold(events).snapshots(range(1, last + 1)) if s.version == last]


def test_a_snapshot_is_json():
    assert freeze(Reader()).startswith(b'{"carrier":null,')

"""The writer's claim, which decides, agrees with the reader's fold, which answers."""

from hypothesis import given

from domain.audience import AUDIENCES
from domain.claim import Claim, evolve
from domain.facts import fact_of
from domain.noting import note_of
from domain.reader import retractions_in_force
from tests.domain.folding import fold, to_event
from tests.domain.streams import claim_streams, with_tombstones


def replayed(events):
    claim = Claim(claim_id="six-officers")
    for stored in events:
        evolve(claim, note_of(to_event(stored)), "0" * 64)
    return claim


@given(claim_streams(max_deeds=9))
def test_both_know_what_every_audience_sees(events):
    claim, reader = replayed(events), fold(events)
    for audience in AUDIENCES:
        reading = reader.reading(audience)
        assert claim.last_seen[audience] == (reading.version if reading else 0)
        seen = [event for event in events if claim.find(event["event_id"], audience)]
        assert seen == [event for event in events if reader.audience_of(event["event_id"]) <= audience]
        facts = [fact_of(to_event(event), event["claim_version"]) for event in seen]
        assert claim.retracted(audience) == set(retractions_in_force(facts))
        shown, read = claim.shown_text(audience), reading and reading.claim
        assert (shown and (shown.text, shown.language)) == (read and (read.text, read.language))
    # It is the same whether it saw an event or, read again, what is left of it.
    assert replayed(with_tombstones(events)) == claim

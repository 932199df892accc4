"""Every audience sees of every claim exactly what the domain folds for it, and the counts are recounts."""

import json
from collections import Counter
from typing import Any

from hypothesis import given, settings

from domain.audience import AUDIENCES
from domain.reader import Cut, Reading
from domain.times import format_instant
from projections import activity, history, links, standing
from projections.activity import MINUTE_US
from projections.rendering import render_item
from tests.projections.ledger import Ledger
from tests.projections.random_ledgers import ledgers

ALL = Cut(position=2**60)  # no cut at all, but one that has the claim read from scratch


def readings(ledger: Ledger, audience: int) -> dict[str, Reading]:
    """Return every claim that an audience sees."""
    read = {claim_id: fold.reading(audience, ALL) for claim_id, fold in ledger.folds().items()}
    return {claim_id: reading for claim_id, reading in read.items() if reading is not None}


def links_of(claim_id: str, seen: dict[str, Reading]) -> list[dict[str, Any]]:
    """Return the links of a claim: those that it makes and that are made to it, where both claims are seen."""
    found = [
        {"event_id": link.event_id, "direction": direction, "claim_id": other, "relation": link.relation}
        | {"state": link.state}
        for source, reading in seen.items()
        for link in reading.links
        for direction, own, other in (("out", source, link.claim_id), ("in", link.claim_id, source))
        if own == claim_id and other in seen
    ]
    return sorted(found, key=lambda link: str(link["event_id"]))


@settings(max_examples=12)
@given(ledgers())
def test_each_audience_reads_every_claim_as_the_domain_folds_it(events):
    ledger = Ledger(events).follow()
    for audience in AUDIENCES:
        seen = readings(ledger, audience)
        for claim_id in ledger.folds():
            row = standing.get_claim(ledger.connection, claim_id, audience)
            if claim_id not in seen:
                assert row is None
                continue
            assert row is not None
            assert row.item == render_item(claim_id, seen[claim_id])
            assert json.loads(row.links) == links_of(claim_id, seen)
            assert json.loads(row.body) == {**json.loads(row.item), "links": json.loads(row.links)}


@settings(max_examples=10)
@given(ledgers())
def test_claims_and_events_are_counted_as_a_recount_has_them(events):
    ledger = Ledger(events).follow(batch_limit=2)
    folds = ledger.folds()
    for audience in AUDIENCES:
        assert standing.count_claims(ledger.connection, audience) == recounted_claims(ledger, audience)
        seen = [e for e in ledger.events if folds[e.claim_id or ""].audience_of(e.event_id or "") <= audience]
        hidden = history.count_hidden(ledger.connection, audience, 0, ledger.position)
        assert ledger.position - hidden == len(seen)
        assert counted_minutes(ledger, audience) == Counter((event.recorded_at or "")[:16] for event in seen)


def recounted_claims(ledger: Ledger, audience: int) -> Counter[tuple[str, bool]]:
    standings = [reading.standing for reading in readings(ledger, audience).values()]
    return Counter((standing["status"], standing["contested"]) for standing in standings)


def counted_minutes(ledger: Ledger, audience: int) -> Counter[str]:
    minutes = activity.list_minutes(ledger.connection, audience, 0, 2**60)
    return Counter({format_instant(minute * MINUTE_US)[:16]: events for minute, events in minutes if events})


@settings(max_examples=5)
@given(ledgers(tombstoned=True))
def test_what_is_left_of_erased_events_is_read_as_the_domain_folds_it(events):
    ledger = Ledger(events).follow(batch_limit=3)
    for audience in AUDIENCES:
        for claim_id, reading in readings(ledger, audience).items():
            row = standing.get_claim(ledger.connection, claim_id, audience)
            assert row is not None
            assert row.item == render_item(claim_id, reading)


def test_claims_without_links_have_the_empty_list():
    assert links.links_json(Ledger().connection, "some-claim", 2) == b"[]"

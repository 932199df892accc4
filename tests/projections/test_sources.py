"""Sources: what each reported and denied, and how the claims turned out, as each audience sees it."""

from collections import defaultdict

import pytest
from hypothesis import given, settings

from domain.audience import AUDIENCES
from projections.sources import Source, list_sources
from tests.projections.ledger import Ledger
from tests.projections.random_ledgers import ledgers
from tests.projections.story import Story

CLAIM = {"text": "Six officers were killed."}
POST = {"kind": "outlet", "name": "Kyiv Post"}


def listed(ledger: Ledger, audience: int = 2) -> list[Source]:
    return list_sources(ledger.connection, audience, None, 1000)


def of(ledger: Ledger, name: str, audience: int = 2, kind: str = "speaker") -> tuple[int, int, int, int] | None:
    """Return the counts of one source: reports, denials, claims confirmed, claims refuted."""
    found = [each[2:] for each in listed(ledger, audience) if (each.kind, each.name) == (kind, name)]
    return found[0] if found else None


def recount(ledger: Ledger, audience: int) -> list[Source]:
    """Return the sources as counting everything anew has them."""
    counts: defaultdict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for fold in ledger.folds().values():
        firsts = [run.first for run in fold.runs() if run.first <= audience]
        if not firsts:
            continue
        status = fold.outline(firsts[-1]).status
        reporting = set()
        for fact in fold.effective(firsts[-1]):
            for name in fact.sources:
                counts[name.kind, name.name or ""][fact.type == "ClaimDenied"] += 1
                reporting |= {name} if fact.type == "ClaimReported" else set()
        for name in reporting:
            counts[name.kind, name.name or ""][2] += status == "confirmed"
            counts[name.kind, name.name or ""][3] += status == "refuted"
    found = [Source(*source, *each) for source, each in counts.items()]
    return sorted(found, key=lambda source: (-source.place.statements, source.name, source.kind))


@pytest.mark.thorough
@settings(max_examples=30)
@given(ledgers())
def test_sources_are_counted_as_a_recount_has_them(events):
    ledger = Ledger(events).follow(batch_limit=2)
    for audience in AUDIENCES:
        assert listed(ledger, audience) == recount(ledger, audience)


def test_a_claim_that_is_confirmed_counts_for_all_who_reported_it_before_or_after():
    story = Story()
    story.report("claim")
    story.report("claim")
    story.deny("claim")
    story.post("ClaimConfirmed", {"speaker": {"name": "The army"}}, "claim")
    story.post("ClaimReported", {"speaker": {"name": "TASS"}}, "claim")
    ledger = story.ledger.follow(batch_limit=1)
    assert of(ledger, "Kyiv Post") == (2, 0, 1, 0)
    assert of(ledger, "TASS") == (1, 0, 1, 0)
    assert of(ledger, "Moscow") == (0, 1, 0, 0)
    assert of(ledger, "The army") is None


def test_what_is_retracted_or_turns_out_otherwise_counts_no_longer():
    story = Story()
    report = story.report("claim")
    story.report("claim")
    confirmation = story.post("ClaimConfirmed", {"speaker": {"name": "The army"}}, "claim")
    assert of(story.ledger.follow(), "Kyiv Post") == (2, 0, 1, 0)
    story.retract(confirmation, "claim")
    story.retract(report, "claim")
    assert of(story.ledger.follow(), "Kyiv Post") == (1, 0, 0, 0)
    story.post("ClaimAssessed", {"speaker": {"name": "AFP"}, "verdict": "false", "decisive": True}, "claim")
    assert of(story.ledger.follow(), "Kyiv Post") == (1, 0, 0, 1)


def test_a_correction_moves_a_report_to_who_made_it():
    story = Story()
    report = story.report("claim")
    story.correct(report, {"data": {"speaker": {"name": "TASS"}}}, "claim")
    ledger = story.ledger.follow()
    assert (of(ledger, "Kyiv Post"), of(ledger, "TASS")) == (None, (1, 0, 0, 0))


def test_an_outlet_has_what_it_carries():
    story = Story()
    carried = {"attribution": [{"party": POST}, {"party": {"name": "Peskov"}}]}
    story.post("ClaimReported", {"claim": CLAIM, "speaker": POST}, "claim")
    story.post("ClaimDenied", {"speaker": {"name": "Peskov"}, **carried}, "claim")
    story.post("ClaimDenied", {"speaker": {"name": "Peskov"}, "publication": {"outlet": "TASS"}}, "claim")
    ledger = story.ledger.follow()
    assert of(ledger, "Kyiv Post", kind="outlet") == (1, 1, 0, 0)
    assert of(ledger, "TASS", kind="outlet") == (0, 1, 0, 0)
    assert of(ledger, "Kyiv Post") == (1, 0, 0, 0)
    assert of(ledger, "Peskov") == (0, 2, 0, 0)


def test_each_audience_has_counts_of_its_own():
    story = Story()
    story.report("claim")
    story.deny("claim", classification="internal")
    story.post("ClaimConfirmed", {"speaker": {"name": "The army"}}, "claim", classification="confidential")
    ledger = story.ledger.follow()
    assert [of(ledger, "Moscow", audience) for audience in AUDIENCES] == [None, (0, 1, 0, 0), (0, 1, 0, 0)]
    assert [of(ledger, "Kyiv Post", audience) for audience in AUDIENCES] == [*[(1, 0, 0, 0)] * 2, (1, 0, 1, 0)]


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_pages_go_on_where_the_one_before_ends(limit):
    story = Story()
    for name in ("A", "B", "B", "C", "Ä", "Ä", "Ä"):
        story.post("ClaimReported", {"claim": CLAIM, "speaker": {"name": name, "kind": "outlet"}}, "claim")
    ledger = story.ledger.follow()
    pages, after = [], None
    while page := list_sources(ledger.connection, 0, after, limit):
        pages += page
        after = page[-1].place
    assert pages == listed(ledger, 0)
    assert [each.name for each in pages] == ["Ä", "Ä", "B", "B", "A", "A", "C", "C"]
    assert [each.kind for each in pages[:2]] == ["outlet", "speaker"]

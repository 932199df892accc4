"""What an audience may not read changes nothing that it finds: no claim, no order, no snippet."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from projections.sources import list_sources
from tests.projections.ledger import Ledger
from tests.projections.searching import found, say
from tests.projections.story import Story

WORDS = ("six", "officers", "killed", "near", "donetsk")
TEXTS = st.lists(st.sampled_from(WORDS), min_size=1, max_size=8).map(" ".join)
AUDIENCES = {"public": 0, "internal": 1, "confidential": 2}
NAMES = st.sampled_from(("Kyiv Post", "TASS", "BBC"))
SAYINGS = st.lists(st.tuples(TEXTS, st.sampled_from(sorted(AUDIENCES)), NAMES), min_size=1, max_size=10)


def tell(sayings: list[tuple[str, str, str]], audience: int) -> Ledger:
    """Return a ledger in which what is said is in the same places for an audience, and empty where it sees nothing."""
    story = Story()
    for number, (text, classification, name) in enumerate(sayings):
        is_seen = AUDIENCES[classification] <= audience
        said = {"speaker": {"name": name if is_seen else "nobody"}}
        say(story, f"claim-{number}", text if is_seen else "...", said, classification=classification)
    return story.ledger.follow()


def seen(ledger: Ledger, audience: int, query: str) -> list[Any]:
    """Return all that an audience is shown."""
    return [
        found(ledger, audience, q=query),
        found(ledger, audience, q=query, sort="changed"),
        found(ledger, audience, similar_to=query),
        list_sources(ledger.connection, audience, None, 50),
    ]


@pytest.mark.thorough
@settings(max_examples=40)
@given(SAYINGS, st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(" ".join), st.sampled_from((0, 1)))
def test_what_others_may_read_changes_nothing(sayings, query, audience):
    assert seen(tell(sayings, 2), audience, query) == seen(tell(sayings, audience), audience, query)


def test_hidden_texts_change_no_rank_of_public_ones():
    story = Story()
    say(story, "rare", "Donetsk donetsk donetsk was hit once by rockets.")
    say(story, "common", "Rockets rockets rockets were seen near Donetsk.")
    say(story, "third", "Nothing was seen elsewhere.")
    before = found(story.ledger.follow(), 0, q="donetsk rockets")
    for number in range(20):
        say(story, f"hidden-{number}", "Rockets rockets.", classification="internal")
    ledger = story.ledger.follow()
    assert found(ledger, 0, q="donetsk rockets") == before
    assert len(found(ledger, 1, q="rockets")) == 22


@pytest.mark.parametrize("audience", [1, 2])
def test_the_best_of_what_only_few_may_read_is_among_the_first(audience):
    story = Story()
    for number in range(10):
        say(story, f"claim-{number}", f"Rockets were seen on day {number}, at night, and nobody knows where.")
    say(story, "hidden", "Rockets hit Donetsk.", classification="internal")
    first, *_ = found(story.ledger.follow(), audience, q="rockets")
    assert b'"claim_id":"hidden"' in first.item

"""Claims that are near to a text: what is suggested to who is about to post one."""

from tests.projections.searching import find, found, say
from tests.projections.story import Story

OFFICERS = "Six North Korean officers were killed in a strike near Donetsk."


def story_of(*texts: str) -> Story:
    story = Story()
    for number, text in enumerate(texts):
        say(story, f"claim-{number}", text)
    return story


def test_a_claim_in_other_words_is_found_the_nearest_first():
    ledger = story_of(
        "The minister will resign.", OFFICERS, "Officers were killed in Donetsk, six of them.", "A bridge was hit."
    ).ledger.follow()
    assert find(ledger, similar_to=OFFICERS) == ["claim-1", "claim-2"]
    assert find(ledger, similar_to="six officers KILLED") == ["claim-2", "claim-1"]
    assert find(ledger, similar_to="Ants sing.") == []
    assert find(ledger, similar_to="...") == []


def test_a_ledger_of_one_claim_has_a_near_one_too():
    assert find(story_of(OFFICERS).ledger.follow(), similar_to="Officers killed near Donetsk") == ["claim-0"]


def test_a_script_without_spaces_is_near_by_its_pairs_of_letters():
    ledger = story_of("六名朝鲜军官在顿涅茨克附近被打死", "部长将辞职").ledger.follow()
    assert find(ledger, similar_to="朝鲜军官被打死") == ["claim-0"]


def test_only_the_text_of_a_claim_makes_it_near():
    story = Story()
    say(story, "claim", "A bridge was hit.", {"note": OFFICERS})
    assert find(story.ledger.follow(), similar_to=OFFICERS) == []


def test_a_claim_is_near_by_the_text_that_it_has_now():
    story = Story()
    report = say(story, "claim", "A bridge was hit.")
    story.correct(report, {"data": {"claim": {"text": OFFICERS}}}, "claim")
    ledger = story.ledger.follow()
    assert find(ledger, similar_to=OFFICERS) == ["claim"]
    assert find(ledger, similar_to="A bridge was hit.") == []


def test_no_more_are_found_than_are_asked_for():
    ledger = story_of(*[f"Six officers were killed on day {day}." for day in range(60)]).ledger.follow()
    assert len(found(ledger, similar_to="Six officers were killed.")) == 50

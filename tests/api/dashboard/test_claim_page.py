"""The page of a claim: where it stands and why, who said what through whom, and what became of each entry."""

import pytest

from tests.domain.deciding import LATER, given
from tests.domain.saying import (
    assessed,
    attached,
    confirmed,
    corrected,
    declined,
    denied,
    linked,
    reclassified,
    reported,
    retracted,
)

URL = "/claims/six-officers"
REFUTED = {"verdict": "false", "decisive": True}


def likely(low, high):
    likelihood = {"term": "highly likely", "scale": "unscaled", "low_percent": low, "high_percent": high}
    return assessed(2, data={"likelihood": likelihood, "verdict": ...})


@pytest.mark.parametrize(
    ("story", "why"),
    [
        ([reported(1)], "Reported? Yes: 1 report, and nothing else."),
        ([reported(1), denied(2)], "Denied? Yes: 1 denial."),
        ([reported(1), assessed(2)], "Assessed? Yes: 1 assessment, not decisive."),
        ([reported(1), confirmed(2, data={"scope": "partial"})], "Assessed? Yes: it is confirmed in part."),
        ([reported(1), assessed(2, data=REFUTED)], "Refuted? Yes: a decisive refutation stands."),
        ([reported(1), confirmed(2)], "Confirmed? Yes: a full confirmation stands."),
        ([reported(1), confirmed(2), assessed(3, data=REFUTED)], "Disputed? Yes: a confirmation and a decisive"),
        ([reported(1), retracted(1, 2)], "Unreported? Yes: nobody reports, denies, assesses or confirms it."),
    ],
)
def test_the_page_says_which_rule_gives_the_status(reader, story, why):
    reader.tell(given(*story))
    said = reader.section(URL, "why")
    assert why in said
    assert said.count("? Yes:") == 1


def test_what_was_taken_back_by_who_said_it_is_withdrawn(reader):
    taken_back = retracted(1, 2)
    taken_back["data"]["reason_kind"] = "outlet_retracted"
    reader.tell(given(reported(1), taken_back))
    assert "Withdrawn? Yes: all that was said" in reader.section(URL, "why")


def test_an_overridden_finding_is_said(reader):
    older = assessed(2, data=REFUTED, occurred_at="2024-10-01")
    reader.tell(given(reported(1), older, confirmed(3, occurred_at="2024-10-04")))
    assert "a full confirmation stands, and overrides an older refutation" in reader.section(URL, "why")


@pytest.mark.parametrize(
    ("story", "said"),
    [
        ([reported(1), denied(2)], "Contested: somebody speaks for it, and somebody against it."),
        ([reported(1), retracted(1, 2)], "Not contested: nobody speaks for it or against it."),
        ([reported(1)], "Not contested: those who have spoken do not contradict each other."),
        ([confirmed(1, data={"claim": {"text": "It is so."}})], "Not contested: no denial or assessment against it"),
        ([reported(1), assessed(2, data=REFUTED)], "Not contested: no assessment in its favour or confirm"),
        ([reported(1), confirmed(2), assessed(3, data=REFUTED)], "Contested, as every disputed claim is."),
    ],
)
def test_the_page_says_why_it_is_contested_or_not(reader, story, said):
    reader.tell(given(*story))
    assert said in reader.section(URL, "why")


def test_the_page_names_who_spoke_and_through_whom(reader):
    anonymous = {"kind": "anonymous", "description": "two officials"}
    chain = [{"party": {"kind": "outlet", "name": "Kyiv Post"}, "verb": "reported"}, {"party": anonymous}]
    reader.tell(given(reported(1, data={"attribution": chain}, occurred_at="2024-10-04", occurred_text="Friday")))
    said = reader.section(URL, "voices")
    assert "Who reported Kyiv Post reported it, 2024-10-04 (“Friday”) (two officials → Kyiv Post, “reported”)" in said
    assert "Every report of it goes back to unnamed sources." in reader.section(URL, "why")
    assert "Recorded 5 October 2024, 12:00 UTC by editor" in reader.section(URL, "record")


def test_a_likelihood_is_shown_with_its_band_as_one_assessors_word(reader):
    reader.tell(given(reported(1), likely(80, 95)))
    assert "“highly likely”: 80 to 95 %, in entry 2 . It is one assessor’s word" in reader.section(URL, "likelihood")
    assert 'aria-label="80 to 95 per cent"' in reader.html(URL)


def test_a_correction_stands_beside_what_it_corrected(reader):
    patch = {"data": {"wording": {"paraphrase": "Five were killed."}}, "occurred_at": "2024-10-03"}
    reader.tell(given(reported(1, occurred_at="2024-10-04"), corrected(1, patch, 2)))
    said = reader.section(URL, "record")
    assert "As corrected by entry 2 What It said It should say" in said
    assert "wording paraphrase Six officers were killed. Five were killed." in said
    assert "occurred at 2024-10-04 2024-10-03" in said
    assert "This corrects entry 1 . reason a slip" in said


def test_what_no_longer_counts_is_marked_and_left_out_of_who_said_what(reader):
    superseding = assessed(3, data={"supersedes_event_id": assessed(2)["event_id"]})
    reader.tell(given(reported(1), assessed(2), superseding, denied(4), retracted(4, 5)))
    said = reader.section(URL, "record")
    assert "Superseded by entry 3 ." in said
    assert "Retracted by entry 5 : it no longer counts." in said
    assert "Who denied" not in reader.section(URL, "voices")
    assert "1 entry retracted or erased: shown, and not counted." in reader.section(URL, "why")


def test_evidence_declined_comments_and_who_may_read_are_in_words(reader):
    reader.tell(
        given(reported(1), attached(2), declined(3), denied(4), reclassified(4, {"classification": "internal"}, 5))
    )
    said = reader.text(URL, key="editor")
    assert "Image supports it a photo" in said
    assert "Kyiv Post did not respond" in said
    assert "Reclassification This changes who may read entry 4" in said
    assert "Who denied" not in reader.text(URL)


def test_links_show_where_the_other_claim_stands(reader):
    other = given(reported(11), denied(12), claim_id="other-claim")
    story = given(reported(1))
    story.post(linked("other-claim", 2), to=other.claim)
    reader.tell(other, story)
    assert "This restates Six officers were killed. Denied ⇄ contested" in reader.section(URL, "links")
    assert "This claim restates Six officers were killed." in reader.section(URL, "record")
    assert "This is restated by Six officers were killed. Reported" in reader.section("/claims/other-claim", "links")


def test_the_past_is_shown_as_such(reader):
    story = given(reported(1))
    story.now = LATER
    story.post(denied(2, occurred_at="2024-10-31"))
    reader.tell(story)
    then = reader.text(f"{URL}?known_at=2024-10-20")
    assert "This is not today’s page. It shows what was on record at 2024-10-20" in then
    assert "Reported? Yes" in then
    assert "Who denied" not in then
    by_then = reader.text(f"{URL}?valid_at=2024-10-06&known_at=")
    assert "Reported? Yes" in by_then
    assert "Who denied" not in by_then
    assert "Denied? Yes" in reader.text(URL)
    said_later = "Said after 2024-10-06: not counted here."
    assert reader.section(f"{URL}?valid_at=2024-10-06", "record").count(said_later) == 1
    assert "not counted here" not in reader.section(URL, "record")


def test_both_clocks_are_drawn_with_late_arrivals(reader):
    reader.tell(given(reported(1, occurred_at="2024-09-01"), denied(2, occurred_at="2024-10-05")))
    html = reader.html(URL)
    assert html.count('class="mark ClaimReported late"') == 1
    assert html.count('class="mark ClaimDenied"') == 1
    assert "1 statement recorded over a day after it was made." in reader.section(URL, "why")
    reader.tell(given(reported(1)))
    assert 'aria-labelledby="clocks"' not in reader.html(URL)


def test_a_reader_sees_what_its_audience_may(reader):
    reader.tell(given(reported(1), denied(2, classification="internal")))
    assert "Who denied" not in reader.text(URL)
    assert "Who denied" in reader.text(URL, key="reporter")
    reader.tell(given(reported(1, classification="confidential")))
    assert reader.client.get(URL).status_code == 404


@pytest.mark.parametrize("bad", ["known_at=yesterday", "valid_at=2024-13-01", "colour=red", "known_at=2999-01-01"])
def test_a_bad_instant_is_refused_on_a_page(reader, bad):
    reader.tell(given(reported(1)))
    answer = reader.client.get(f"{URL}?{bad}", headers={"Accept": "text/html"})
    assert answer.status_code == 422
    assert "<h1>Bad query parameter</h1>" in answer.text


def test_markup_in_an_event_is_text(reader):
    nasty = "<script>alert('x')</script> & <b>bold</b>"
    data = {"speaker": {"name": nasty}, "wording": {"quote": nasty}, "publication": {"title": nasty}, "note": nasty}
    reader.tell(given(reported(1, text=nasty, data=data, occurred_text=nasty)))
    html = reader.html(URL)
    assert "<script>alert" not in html
    assert "<b>" not in html
    assert html.count("&lt;script&gt;alert(&#39;x&#39;)") >= 5

"""The rules of time, and what the ledger sets of an event."""

from hashlib import sha256

import pytest

from domain.events import encode_event
from tests.domain.deciding import IMPORTER, LATER, NOW, PAST, SOON, Story, given, poster
from tests.domain.saying import TEXT, Posted, assessed, confirmed, corrected, denied, ident, reported


@pytest.mark.parametrize(
    ("recorded_at", "rule"),
    [
        ("2024-09-30T23:59:59.999999Z", "recorded_at_order"),
        (PAST, None),
        (NOW, None),
        ("2024-10-05T12:00:00.000001Z", "recorded_at_future"),
    ],
)
def test_an_importers_recorded_at_is_not_before_the_last_and_not_in_the_future(recorded_at, rule):
    story, posted = given(), reported(1, recorded_at=recorded_at)
    if rule:
        assert story.fault(posted, IMPORTER) == ("/recorded_at", rule)
    else:
        assert story.post(posted, IMPORTER)[0].recorded_at == recorded_at.replace("Z", ".000000Z")


def test_the_ledgers_clock_never_goes_back():
    assert Story(now=NOW, last=PAST).post(reported())[0].recorded_at == "2024-10-05T12:00:00.000000Z"
    assert Story(now=PAST, last=NOW).post(reported())[0].recorded_at == "2024-10-05T12:00:00.000000Z"


@pytest.mark.parametrize(
    ("occurred_at", "is_refused"),
    [
        ("2024-10-07T12:00:00Z", False),
        ("2024-10-07T12:00:00.000001Z", True),
        ("2024-10-07", False),
        ("2024-10-08", True),
        ("2024", False),
        ("2024-10-07/2030", False),
        ("2024-11/2030", True),
        ("0001", False),
    ],
)
def test_an_occurrence_begins_at_most_two_days_after_it_is_recorded(occurred_at, is_refused):
    if is_refused:
        assert given().fault(reported(occurred_at=occurred_at)) == ("/occurred_at", "occurred_in_future")
    else:
        assert given().post(reported(occurred_at=occurred_at))[0].occurred_at == occurred_at


def test_the_two_days_are_counted_from_the_recorded_at_of_an_importer():
    long_ago: Posted = {"recorded_at": PAST, "occurred_at": "2024-10-04"}
    assert given().fault(reported(**long_ago), IMPORTER) == ("/occurred_at", "occurred_in_future")
    assert given().post(reported(recorded_at=PAST, occurred_at="2024-10-03"), IMPORTER)


def test_the_ledger_sets_the_place_of_an_event_and_what_was_left_out():
    story = given(reported(1))
    (event,) = story.post(denied(), poster("reporter", "anna"))
    first = story.events[0]
    assert (first.claim_version, first.previous) == (1, None)
    assert (event.claim_version, event.previous) == (2, sha256(encode_event(first)).hexdigest())
    assert (event.recorded_by, event.source) == ("anna", "/keys/anna")
    assert (event.event_id, event.claim_id, event.salt) == (ident(1001), "six-officers", "A" * 22)
    assert (event.classification, event.embargo_until) == ("public", None)


def test_what_the_client_set_stays():
    stated: Posted = {"source": "https://example.org/cms", "classification": "internal", "embargo_until": LATER}
    (event,) = given().post(reported(1, correlation_id="c", **stated))
    assert (event.event_id, event.source, event.correlation_id) == (ident(1), "https://example.org/cms", "c")
    assert (event.classification, event.embargo_until) == ("internal", "2024-11-01T00:00:00.000000Z")


def test_a_report_without_a_text_is_worded_as_the_claim_stands_for_its_readers():
    story = given(reported(1, text="Seven died.", classification="internal"), reported(2, text="Six died."))
    assert wording(story.post(reported(text=...))) == ("Six died.", "und")
    assert wording(story.post(reported(text=..., classification="internal"))) == ("Seven died.", "und")


def test_it_is_worded_as_corrected():
    story = given(reported(1, data={"claim": {"text": TEXT, "language": "uk"}}))
    story.post({**_correct({"text": "Seven."}), "event_id": ident(2)})
    assert wording(story.post(reported(text=...))) == ("Seven.", "uk")
    story.post({**_correct({"language": "en"}), "event_id": ident(3)})
    assert wording(story.post(reported(text=...))) == ("Seven.", "en")
    story.post({**_correct({"language": None}), "event_id": ident(4)})
    assert wording(story.post(reported(text=...))) == ("Seven.", "und")


def test_a_wording_of_its_own_stays_and_other_types_may_have_none():
    story = given(reported(1))
    assert wording(story.post(reported(text=..., data={"wording": {"quote": "They are dead."}}))) == (None, "und")
    for posted in (denied(), assessed(), confirmed()):
        assert story.post(posted)[0].data.wording is None


def test_an_embargo_that_has_passed_has_no_effect():
    story = given(reported(1, embargo_until=NOW), reported(2, embargo_until=SOON))
    assert story.readers(1) == ("public", None)
    assert story.readers(2) == ("public", "embargoed")
    assert story.claim.last_seen == [1, 2, 2]


def wording(events):
    (event,) = events
    return event.data.wording.paraphrase, event.data.wording.language


def _correct(claim):
    return corrected(1, {"data": {"claim": claim}})

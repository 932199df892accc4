"""Erasing through the sequencer: what is answered, what rows keep, what caches forget, what a file still holds."""

import json
from dataclasses import replace
from hashlib import sha256

import pytest

from domain.commands import RecordEvent
from domain.errors import ErasedError, EventIdTakenError, TargetErasedError
from service.store.sqlite import LedgerApplication
from tests.reachable import texts_in
from tests.service.desk import BOTH, Desk, FaultyStore, outcomes, receipts, stored
from tests.service.posting import command, correct, deny, erase, event_id, refused, report

ENGINES = BOTH
SECRET = "a name to hide"


def hidden(number: int) -> RecordEvent:
    return command("ClaimDenied", {"speaker": {"name": SECRET}}, event_id=event_id(number))


def erased_rows(application: LedgerApplication) -> list[int]:
    return [row["position"] for row in stored(application) if row["state"] is None]


def test_an_erased_row_keeps_its_place_its_digest_and_what_is_left(application, desk):
    digests = [receipt.event_sha256 for receipt in desk.receipts(report(), hidden(2), correct(event_id(2)))]
    (receipt,) = desk.receipts(erase(event_id(2), event_id=event_id(4)))
    assert (receipt.position, receipt.claim_version) == (4, 4)
    rows = stored(application)
    assert [row["topic"] for row in rows] == [
        *("ClaimReported", "ClaimDenied", "EventCorrected", "EventErased", "EventErased"),
    ]
    assert [row["event_sha256"].hex() for row in rows[:3]] == digests
    assert [row["state"] is None for row in rows] == [False, True, True, False, False]
    left = json.loads(rows[2]["tombstone"])
    assert left["target_event_id"] == event_id(2)
    assert left["claim_version"] == 3
    for row in rows[3:]:
        assert sha256(row["state"]).digest() == row["event_sha256"]


def test_a_retry_of_what_was_erased_is_told_so_and_one_of_the_erasure_gets_its_receipt(desk):
    desk.receipts(report(), hidden(2))
    (first,) = desk.receipts(erase(event_id(2), event_id=event_id(3)))
    assert isinstance(desk.record(hidden(2)), ErasedError)
    assert isinstance(desk.record(report(event_id=event_id(2))), ErasedError)
    assert desk.receipts(erase(event_id(2), event_id=event_id(3))) == (replace(first, duplicate=True),)
    assert isinstance(desk.record(erase(event_id(9), event_id=event_id(3))), EventIdTakenError)


def test_of_two_that_erase_an_event_at_once_one_is_refused(application):
    desk = Desk(application.recorder)
    requests = [desk.submit([report(), hidden(2)]), desk.submit([erase(event_id(2))], [erase(event_id(2))])]
    with desk:
        assert len(receipts(outcomes(requests[0])[0])) == 2
        first, second = outcomes(requests[1])
    assert len(receipts(first)) == 1
    assert isinstance(second, TargetErasedError)
    assert erased_rows(application) == [2]


def test_what_comes_and_goes_in_one_group_is_stored_as_what_is_left(application, desk):
    digests = [r.event_sha256 for r in desk.receipts(report(), hidden(2), correct(event_id(2)), erase(event_id(2)))]
    desk.receipts(deny())
    assert erased_rows(application) == [2, 3]
    assert [row["event_sha256"].hex() for row in stored(application)[:3]] == digests[:3]


def test_a_group_that_is_refused_erases_nothing(application):
    desk = Desk(application.recorder)
    with desk:
        desk.receipts(report(event_id=event_id(1)))
        request = desk.submit([hidden(2)], [erase(event_id(1)), erase(event_id(2)), refused()], [correct(event_id(2))])
        answers = outcomes(request)
        assert [len(receipts(answers[place])) for place in (0, 2)] == [1, 1]
        assert desk.receipts(hidden(2))[0].duplicate
        assert erased_rows(application) == []
        desk.receipts(erase(event_id(2)))
    assert erased_rows(application) == [2, 3]


@pytest.mark.parametrize("fault", ["appending", "committing", "answering"])
def test_an_erasure_whose_commit_fails_is_whole_or_not_at_all(application, fault):
    store = FaultyStore(application.recorder)
    with Desk(store) as desk:
        desk.receipts(report(), hidden(2))
        store.faults.append(fault)
        desk.record(erase(event_id(2), event_id=event_id(3)))
        done = fault == "answering"
        assert erased_rows(application) == ([2] if done else [])
        (again,) = desk.receipts(erase(event_id(2), event_id=event_id(3)))
        assert again.duplicate == done
    assert erased_rows(application) == [2]


def test_the_writer_forgets_what_was_erased(desk):
    first = report(event_id=event_id(1), text="What nobody may say.")
    desk.receipts(first, correct(event_id(1), note="as corrected"), deny())
    corrected = {"target_event_id": event_id(1), "patch": {"data": {"claim": {"text": "What else they say."}}}}
    desk.receipts(command("EventCorrected", {**corrected, "reason": "because", "reason_kind": "typo"}))
    texts = ("What nobody may say.", "What else they say.")
    desk.appended.clear()
    assert all(text in texts_in(desk.sequencer) for text in texts)
    desk.receipts(erase(event_id(1)))
    desk.appended.clear()
    assert not any(text in texts_in(desk.sequencer) for text in texts)
    (receipt,) = desk.receipts(report(text="What they say now."))
    assert receipt.claim_version == 8


def test_the_writer_forgets_its_claims_when_it_is_told_to(desk):
    desk.receipts(report(text=SECRET), deny())
    desk.appended.clear()
    assert SECRET in texts_in(desk.sequencer)
    desk.sequencer.forget()
    desk.receipts(report("another"))
    assert SECRET not in texts_in(desk.sequencer)
    assert desk.receipts(deny())[0].claim_version == 3

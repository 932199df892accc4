"""The one way in: what is answered is durable, in one order, each group whole or not at all."""

from hashlib import sha256

import pytest

from domain.errors import (
    EventIdTakenError,
    RuleBrokenError,
    TargetRetractedError,
    VersionMismatchError,
)
from service.requests import OverloadedError, StoppedError
from service.sequencer import Limits
from tests.service.desk import BOTH, Desk, outcomes, receipts, stored
from tests.service.posting import CLAIM, by, correct, deny, event_id, link, reclassify, refused, report, retract

ENGINES = BOTH


def test_a_receipt_tells_where_the_event_is_stored(application, desk):
    (receipt,) = desk.receipts(report(event_id=event_id(1)))
    (row,) = stored(application)
    assert (receipt.event_id, receipt.claim_id, receipt.duplicate) == (event_id(1), CLAIM, False)
    assert (receipt.position, receipt.claim_version) == (row["position"], row["originator_version"]) == (1, 1)
    assert receipt.event_sha256 == row["event_sha256"].hex() == sha256(row["state"]).hexdigest()
    assert receipt.recorded_at == "2024-10-04T12:00:00.000000Z"


def test_an_assertion_without_a_claim_begins_one(desk):
    (receipt,) = desk.receipts(report(None))
    (other,) = desk.receipts(report(None))
    assert receipt.claim_id != other.claim_id
    assert (receipt.claim_version, other.claim_version) == (1, 1)


def test_what_waits_goes_into_one_batch_in_the_order_of_the_queue(application):
    desk = Desk(application.recorder)
    requests = [desk.submit([report(f"claim-{number}")], [deny(f"claim-{number}")]) for number in range(20)]
    with desk:
        answers = [receipts(outcome)[0] for request in requests for outcome in outcomes(request)]
    assert [receipt.position for receipt in answers] == list(range(1, 41))
    assert [receipt.claim_version for receipt in answers] == [1, 2] * 20
    assert [event.position for event in desk.appended] == list(range(1, 41))


def test_more_than_a_batch_holds_goes_into_several(application):
    desk = Desk(application.recorder, limits=Limits(batch=3))
    requests = [desk.submit([report(f"claim-{number}")]) for number in range(10)]
    with desk:
        positions = [receipts(outcomes(request)[0])[0].position for request in requests]
    assert positions == list(range(1, 11))
    assert len(stored(application)) == 10


def test_a_group_with_a_refusal_in_the_middle_leaves_nothing(application, desk):
    outcome = desk.record(report(), deny(), refused(), deny())
    assert isinstance(outcome, RuleBrokenError)
    assert outcome.index == 2
    assert stored(application) == []
    assert desk.appended == []


def test_commands_after_a_refused_group_see_the_claims_as_they_were_before_it(application):
    desk = Desk(application.recorder)
    request = desk.submit(
        [report(event_id=event_id(1))],
        [deny(), retract(event_id(1)), report("other"), refused()],
        [deny(if_version=1)],
        [deny("other")],
        [retract(event_id(1), event_id=event_id(2)), reclassify(event_id(1))],
    )
    with desk:
        first, second, third, fourth, fifth = outcomes(request)
    assert [receipt.claim_version for receipt in receipts(first) + receipts(third)] == [1, 2]
    assert isinstance(second, RuleBrokenError)
    assert isinstance(fourth, RuleBrokenError)  # the claim was never begun
    assert [receipt.claim_version for receipt in receipts(fifth)] == [3, 4]
    positions = [(row["position"], row["originator_version"]) for row in stored(application)]
    assert positions == [(number, number) for number in range(1, 6)]  # the retraction has moved along


def test_later_items_of_a_group_may_refer_to_earlier_ones(desk):
    group = desk.receipts(
        report("one", event_id=event_id(1)), report("other"), link("one", "other"), retract(event_id(1), "one")
    )
    assert [receipt.claim_version for receipt in group] == [1, 1, 2, 3]
    assert isinstance(desk.record(retract(event_id(1), "one")), TargetRetractedError)


def test_a_correction_reads_what_it_corrects_from_its_own_group_and_from_the_ledger(desk):
    desk.receipts(report(event_id=event_id(1)), correct(event_id(1), note="by telephone"))
    assert isinstance(desk.record(correct(event_id(1), note="by telephone")), RuleBrokenError)  # it changes nothing
    desk.receipts(correct(event_id(1), note="by letter"))


def test_the_same_content_again_gets_the_first_receipt(application):
    desk = Desk(application.recorder)
    both = desk.submit([report(event_id=event_id(1))], [report(event_id=event_id(1))])
    with desk:
        first, again = (receipts(outcome)[0] for outcome in outcomes(both))
        (later,) = desk.receipts(report(None, event_id=event_id(1)))
        in_group = desk.receipts(deny(), report(event_id=event_id(1)))
    assert not first.duplicate
    assert again == later == in_group[1]
    assert again.duplicate
    assert (again.position, again.event_sha256) == (first.position, first.event_sha256)
    assert len(stored(application)) == 2


def test_other_content_under_a_known_id_is_refused(application):
    desk = Desk(application.recorder)
    both = desk.submit([report(event_id=event_id(1))], [deny(event_id=event_id(1))])
    with desk:
        assert isinstance(outcomes(both)[1], EventIdTakenError)
        assert isinstance(desk.record(report(text="Seven officers.", event_id=event_id(1))), EventIdTakenError)
    assert len(stored(application)) == 1


def test_of_a_group_that_is_refused_no_event_id_stays_taken(desk):
    desk.record(report(event_id=event_id(1)), refused())
    (receipt,) = desk.receipts(report("another", event_id=event_id(1)))
    assert not receipt.duplicate


def test_a_named_version_must_be_the_claims(desk):
    desk.receipts(report(if_version=0))
    assert isinstance(desk.record(deny(if_version=0)), VersionMismatchError)
    assert isinstance(desk.record(deny(if_version=2)), VersionMismatchError)
    desk.receipts(deny(if_version=1))


def test_positions_have_no_gaps_after_refusals(application, desk):
    for number in range(4):
        desk.record(report(f"claim-{number}"), refused())
        desk.receipts(report(f"claim-{number}"))
    assert [row["position"] for row in stored(application)] == [1, 2, 3, 4]


def test_each_event_names_the_bytes_of_the_one_before_it_in_its_claim(application, desk):
    for claim_id in ("one", "other", "one", "one", "other"):
        desk.receipts(report(claim_id))
    last: dict[str, str | None] = {"one": None, "other": None}
    for row, recorded in zip(stored(application), desk.appended, strict=True):
        assert recorded.event.previous == last[row["originator_id"]]
        last[row["originator_id"]] = sha256(row["state"]).hexdigest()


def test_no_two_events_have_the_same_salt(desk):
    desk.receipts(*[report() for _ in range(50)])
    assert len({recorded.event.salt for recorded in desk.appended}) == 50


def test_a_full_queue_refuses_and_holds_what_it_has(application):
    desk = Desk(application.recorder, limits=Limits(queue=3))
    held = desk.submit([report(), deny()])
    with pytest.raises(OverloadedError):
        desk.submit([deny(), deny()])
    assert desk.sequencer.depth == 2
    with desk:
        assert len(receipts(outcomes(held)[0])) == 2
    assert desk.sequencer.depth == 0


def test_one_who_fills_the_queue_keeps_nobody_else_out(application):
    desk = Desk(application.recorder, limits=Limits(queue=40))
    bulk = desk.submit(*[[report(f"claim-{number}")] for number in range(40)])
    with pytest.raises(OverloadedError):
        desk.submit([report("one-more")])
    singles = [desk.submit([by("other", report(f"single-{number}"))]) for number in range(20)]
    with pytest.raises(OverloadedError):
        desk.submit([by("other", report("beyond-a-share"))])
    with desk:
        for request in (bulk, *singles):
            assert all(isinstance(outcome, tuple) for outcome in outcomes(request))
    assert len(stored(application)) == 60


def test_a_request_of_any_size_fits_into_an_empty_queue(application):
    desk = Desk(application.recorder, limits=Limits(queue=3))
    held = desk.submit([report() for _ in range(9)])
    with desk:
        assert len(receipts(outcomes(held)[0])) == 9


def test_stopping_answers_what_is_queued_and_refuses_the_rest(application):
    desk = Desk(application.recorder, limits=Limits(batch=2))
    requests = [desk.submit([report(f"claim-{number}")]) for number in range(9)]
    desk.sequencer.start()
    desk.sequencer.stop()
    assert all(request.waiter.is_set() for request in requests)
    assert len(stored(application)) == 9
    with pytest.raises(StoppedError, match="stopping"):
        desk.submit([report()])

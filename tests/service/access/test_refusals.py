"""A refusal does not tell what one may not read from what there is not."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.service.access.asking import World, about
from tests.service.access.hidden import ABSENT, FIRST, SHARED, THINGS, Thing
from tests.service.access.readers import KEYS, Reader

DUE = {"reason": "Because.", "reason_kind": "other"}
ERASING = {"reason": "Because.", "reason_kind": "legal"}
SPOKEN = {"speaker": {"name": "Somebody"}}


def event(kind: str, claim_id: str, **data: Any) -> dict[str, Any]:
    return {"type": kind, "claim_id": claim_id, "data": data}


def about_events(thing: Thing) -> Iterator[dict[str, Any]]:
    """Yield what targets an event of the shared claim."""
    target = {"target_event_id": thing.denial_id}
    yield event("EventRetracted", SHARED, **target, reason="Because.", reason_kind="duplicate")
    yield event("EventCorrected", SHARED, **target, **DUE, patch={"occurred_at": "2024"})
    yield event("EventErased", SHARED, **target, **ERASING)
    yield event("EventReclassified", SHARED, **target, reason="Because.", classification="internal")
    yield event("ClaimAssessed", SHARED, **SPOKEN, verdict="false", supersedes_event_id=thing.denial_id)


def about_claims(thing: Thing) -> Iterator[dict[str, Any]]:
    """Yield what names a claim that it does not begin."""
    yield event("ClaimLinked", SHARED, target_claim_id=thing.claim_id, relation="implies")
    yield event("EventRetracted", thing.claim_id, target_event_id=FIRST, reason="Because.", reason_kind="duplicate")


def hidden_for(reader: Reader) -> list[Thing]:
    return [thing for thing in THINGS if thing.audience > reader.audience and not thing.keeps_ids]


@pytest.mark.parametrize("reader", KEYS, ids=lambda reader: reader.key_name)
def test_what_names_the_hidden_is_refused_like_what_names_nothing(world: World, reader: Reader):
    key = world.keys[reader.key_name]
    for names in (about_events, about_claims):
        absent = [about(world.service.post(posted, key), ABSENT, ABSENT) for posted in names(ABSENT)]
        for thing in hidden_for(reader):
            answers = [about(world.service.post(posted, key), thing, ABSENT) for posted in names(thing)]
            assert answers == absent, thing
            assert all(status in (403, 422) for status, _, _ in answers)


@pytest.mark.parametrize("reader", KEYS, ids=lambda reader: reader.key_name)
@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_precondition_tells_no_version_of_a_hidden_claim(world: World, reader: Reader, version: int):
    key = world.keys[reader.key_name]
    for thing in hidden_for(reader):
        denials = [event("ClaimDenied", each.claim_id, **SPOKEN) for each in (thing, ABSENT)]
        answers = [world.service.post(denial, key, **{"If-Match": f'"{version}"'}) for denial in denials]
        hidden = about(answers[0], thing, ABSENT)
        assert hidden == about(answers[1], ABSENT, ABSENT)
        assert hidden[0] in (403, 412)


@pytest.mark.parametrize("reader", KEYS, ids=lambda reader: reader.key_name)
def test_who_may_not_read_an_event_can_not_try_out_what_it_says(world: World, reader: Reader):
    key = world.keys[reader.key_name]
    for thing in hidden_for(reader):
        told = {"claim": {"text": f"Word of {thing.word} has come."}, "speaker": {"name": thing.word}}
        right = {**event("ClaimReported", thing.claim_id, **told), "event_id": thing.event_id, **thing.how}
        wrong = {**right, "data": {"speaker": {"name": "Another"}}}
        fresh = {**right, "claim_id": "elsewhere"}
        answers = [world.service.post(each, key) for each in (right, wrong, fresh)]
        assert len({(answer.status, answer.body) for answer in answers}) == 1, [each.body for each in answers]
        assert answers[0].status == (403 if reader.role == "auditor" else 409)


def test_a_retry_of_ones_own_is_known_though_one_may_not_read_it(world: World):
    posted = {
        **event("ClaimDenied", SHARED, **SPOKEN),
        "classification": "confidential",
        "event_id": FIRST.replace("9", "8"),
    }
    key = world.keys["reporter-1"]
    first, again = (json.loads(world.service.post(posted, key).body) for _ in range(2))
    assert again == {**first, "duplicate": True}

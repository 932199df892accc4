"""Whatever is posted, repeated, taken back and erased, restarted and rebuilt: reads agree with a plain model."""

import json
import tempfile
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.domain.reference_view import RANKS, audience_of
from tests.service.in_process import Answer, InProcess
from tests.service.model import Json, Model

AUDIENCES = ("public", "staff", "desk")
CLAIMS = st.sampled_from(("one", "two", "three"))
CLASSES = st.sampled_from(("public", "internal", "confidential"))
TIMES = st.sampled_from((None, "2023", "2024-05", "2024-05-06", "2024-05-06T07:08:09Z", "2025-01"))
SPEAKER = {"speaker": {"name": "Desk", "kind": "outlet"}}
KINDS: dict[str, list[Json]] = {
    "ClaimReported": [{"stance": "affirms"}, {"stance": "relays"}],
    "ClaimDenied": [{}, {"directness": "by_implication"}],
    "ClaimAssessed": [{"verdict": "false"}, {"verdict": "false", "decisive": True}, {"verdict": "true"}],
    "ClaimConfirmed": [{}, {"scope": "partial"}],
    "ClaimCommentDeclined": [{"response": "no_response"}],
}
DEEDS = {
    "EventRetracted": {"reason": "Because.", "reason_kind": "outlet_retracted"},
    "EventCorrected": {"reason": "Because.", "reason_kind": "typo"},
    "EventErased": {"reason": "Because.", "reason_kind": "legal"},
}
FIXED = ("EventErased", "EventReclassified")


def denial(claim: str) -> Json:
    said = {**SPEAKER, "claim": {"text": f"The text of {claim}."}}
    return {"type": "ClaimDenied", "claim_id": claim, "data": said}


class WholeService(RuleBasedStateMachine):
    """The service on SQLite, restarted and rebuilt now and then, beside the model of it."""

    @initialize()
    def open(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.service = InProcess(Path(self.folder.name) / "data").__enter__()
        self.key = self.service.create_key("root", "admin")
        self.model = Model()
        self.number = 0

    def teardown(self) -> None:
        self.check_ledger()
        self.service.__exit__(None, None, None)
        self.folder.cleanup()

    @rule(claim=CLAIMS, kind=st.sampled_from(sorted(KINDS)), at=TIMES, of=CLASSES, data=st.data())
    def state(self, claim: str, kind: str, at: str | None, of: str, data: st.DataObject) -> None:
        said = {**SPEAKER, **data.draw(st.sampled_from(KINDS[kind])), "claim": {"text": f"The text of {claim}."}}
        event = {"type": kind, "claim_id": claim, "classification": of, "data": said}
        self.append({**event, "occurred_at": at} if at else event)

    @precondition(lambda self: self.model.head)
    @rule(kind=st.sampled_from(sorted(DEEDS)), data=st.data(), at=st.sampled_from(("2022", "2024-05-05", "2026-01")))
    def do_to_an_event(self, kind: str, data: st.DataObject, at: str) -> None:
        target = self.draw_event(data)
        told = {"target_event_id": target["event_id"], **DEEDS[kind]}
        if kind == "EventCorrected":
            told["patch"] = {"occurred_at": at, "data": {"note": f"Note {self.number}."}}
        event = {"type": kind, "claim_id": target["claim_id"], "data": told}
        if self.model.is_erased(target["event_id"]) or (kind != "EventErased" and self.model.is_retracted(target)):
            self.refuse(event, 409)
        elif target["type"] in FIXED or (kind == "EventCorrected" and target["type"] in DEEDS):
            self.refuse(event, 422)
        else:
            self.append(event)

    @precondition(lambda self: self.model.head)
    @rule(data=st.data())
    def post_again(self, data: st.DataObject) -> None:
        target = self.draw_event(data)
        event_id = target["event_id"]
        assume(event_id in self.model.posted)
        posted = {**self.model.posted[event_id], "event_id": event_id}
        other = {**posted, "correlation_id": str(UUID(int=1))}
        again, changed = self.post(posted), self.post(other)
        if self.model.is_erased(event_id):
            assert (again.status, changed.status) == (410, 410)
            return
        assert (again.status, changed.status) == (200, 409)
        assert again.json() == {**self.model.receipts[event_id], "duplicate": True}

    @rule(claim=CLAIMS, version=st.integers(0, 6))
    def post_if(self, claim: str, version: int) -> None:
        event = self.numbered(
            {"type": "ClaimDenied", "claim_id": claim, "data": {**SPEAKER, "claim": {"text": f"The text of {claim}."}}}
        )
        header = {"If-Match": f'"{version}"'} if version else {"If-None-Match": "*"}
        answer = self.post(event, **header)
        if version == len(self.model.of(claim)):
            self.take(event, answer)
        else:
            assert answer.status == 412

    @precondition(lambda self: self.model.head)
    @rule(of=CLASSES, data=st.data())
    def reclassify(self, of: str, data: st.DataObject) -> None:
        target = self.draw_event(data)
        told = {"target_event_id": target["event_id"], "classification": of, "reason": "Because."}
        event = {"type": "EventReclassified", "claim_id": target["claim_id"], "data": told}
        if self.model.is_erased(target["event_id"]):
            self.refuse(event, 409)
        elif RANKS[of] == audience_of(target, self.model.of(target["claim_id"])):
            self.refuse(event, 422)
        else:
            self.append(event)

    @rule()
    def restart(self) -> None:
        self.service.stop()
        self.service.start()

    @rule()
    def rebuild(self) -> None:
        self.service.rebuild()

    @precondition(lambda self: self.model.head)
    @rule(claim=CLAIMS, audience=st.sampled_from((0, 1, 2)), data=st.data())
    def read_as_of_then(self, claim: str, audience: int, data: st.DataObject) -> None:
        event = self.draw_event(data)
        name = data.draw(st.sampled_from(("known_at", "position", "valid_at")))
        value = {"known_at": event["recorded_at"], "position": event["position"], "valid_at": "2024-05-06T00:00:00Z"}[
            name
        ]
        self.check_claim(claim, audience, **{name: value})

    @invariant()
    def reads_agree(self) -> None:
        if self.model.head:
            last = self.model.events[-1]["claim_id"]
            for audience in range(len(AUDIENCES)):
                self.check_claim(last, audience)

    def check_claim(self, claim: str, audience: int, **cut: Any) -> None:
        asked = "&".join(f"{name}={value}" for name, value in {"audience": AUDIENCES[audience], **cut}.items())
        answer = self.service.get(f"/v1/claims/{claim}?{asked}", self.key)
        expected = self.model.claim(claim, audience, **cut)
        assert (answer.status == 200) == (expected is not None), (answer.body, expected)
        if expected is not None:
            shown = answer.json()
            assert {name: shown[name] for name in expected} == expected

    def check_ledger(self) -> None:
        """Compare all records, and how many claims there are of each status, for each audience."""
        for audience, name in enumerate(AUDIENCES):
            visible = self.model.visible(audience)
            records = self.records(f"/v1/events?audience={name}")
            assert [record["position"] for record in records] == [event["position"] for event in visible]
            for record, event in zip(records, visible, strict=True):
                is_erased = self.model.is_erased(event["event_id"])
                assert record["event"] == (None if is_erased else {n: v for n, v in event.items() if n != "position"})
            summary = self.service.get(f"/v1/summary?audience={name}", self.key).json()
            claims = [self.model.claim(claim_id, audience) for claim_id in self.model.claim_ids()]
            stand = [claim["standing"]["status"] for claim in claims if claim]
            assert (summary["events"], summary["claims"]) == (len(visible), len(stand))
            assert summary["statuses"] == {status: stand.count(status) for status in summary["statuses"]}

    def append(self, event: Json) -> None:
        numbered = self.numbered(event)
        self.take(numbered, self.post(numbered))

    def take(self, event: Json, answer: Answer) -> None:
        assert answer.status == 201, answer.body
        after = self.model.head
        recorded = [record["event"] for record in self.records(f"/v1/events?after={after}")]
        self.model.record(event, answer.json(), recorded)

    def refuse(self, event: Json, status: int) -> None:
        answer = self.post(self.numbered(event))
        assert answer.status == status, answer.body
        assert self.records(f"/v1/events?after={self.model.head}") == []

    def post(self, event: Json, **headers: str) -> Answer:
        return self.service.post(event, self.key, **headers)

    def records(self, path: str) -> list[Any]:
        answer = self.service.get(path, self.key, headers={"Accept": "application/x-ndjson"})
        return [json.loads(line) for line in answer.body.splitlines()]

    def numbered(self, event: Json) -> Json:
        self.number += 1
        return {**event, "event_id": str(UUID(int=1000 + self.number))}

    def draw_event(self, data: st.DataObject) -> Json:
        return self.model.events[data.draw(st.integers(0, self.model.head - 1))]


@pytest.mark.parametrize(
    ("examples", "steps"), [(12, 25), pytest.param(500, 60, marks=[pytest.mark.soak, pytest.mark.timeout(0)])]
)
def test_the_service_is_what_the_model_says(examples: int, steps: int):
    chosen = settings(max_examples=examples, stateful_step_count=steps, deadline=None)
    run_state_machine_as_test(WholeService, settings=chosen)

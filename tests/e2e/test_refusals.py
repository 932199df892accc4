"""Bad input of every kind gets its refusal, and the ledger does not move."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.e2e.service_process import ServiceProcess

JSON = {"Content-Type": "application/json"}
FIRST, DENIAL, RETRACTED, RETRACTION, VERDICT = (f"00000000-0000-4000-8000-00000000000{n}" for n in range(1, 6))
NOBODY = "00000000-0000-4000-8000-0000000000ff"
SPEAKER = {"speaker": {"name": "Desk"}}
DUE = {"reason": "Because.", "reason_kind": "other"}
ENTERED = {"reason": "Because.", "reason_kind": "entered_in_error"}


def event(kind: str, data: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {"type": kind, "claim_id": "one", "data": data, **members}


def report(**members: Any) -> dict[str, Any]:
    return event("ClaimReported", SPEAKER, **members)


def correction(patch: dict[str, Any], target: str = FIRST) -> dict[str, Any]:
    return event("EventCorrected", {"target_event_id": target, "patch": patch, **DUE})


def ahead(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


LEDGER = [
    event("ClaimReported", {**SPEAKER, "claim": {"text": "The text."}}, event_id=FIRST),
    event("ClaimDenied", SPEAKER, event_id=DENIAL),
    event("ClaimReported", SPEAKER, event_id=RETRACTED),
    event("EventRetracted", {"target_event_id": RETRACTED, **ENTERED}, event_id=RETRACTION),
    event("ClaimAssessed", {**SPEAKER, "verdict": "false", "decisive": True}, event_id=VERDICT),
    event("ClaimReported", {**SPEAKER, "claim": {"text": "Hidden."}}, claim_id="hidden", classification="confidential"),
]
WORDS = {"term": "likely", "scale": "numeric", "low_percent": 80, "high_percent": 20}

REFUSED = [
    ("editor", {"type": "Nothing"}, 422, "/type", "union_tag_invalid"),
    ("editor", report(extra=1), 422, "/extra", "extra_forbidden"),
    ("editor", event("ClaimReported", {}), 422, "/data", "missing"),
    ("editor", report(occurred_at="2024-02-30"), 422, "/occurred_at", "fuzzy_time"),
    ("editor", report(occurred_at="2025/2024"), 422, "/occurred_at", "fuzzy_time"),
    ("editor", report(occurred_at=f"{ahead(3)}"), 422, "/occurred_at", "occurred_in_future"),
    ("editor", report(claim_version=7), 422, "/claim_version", "set_by_ledger"),
    ("editor", report(recorded_by="me"), 422, "/recorded_by", "set_by_ledger"),
    ("editor", report(schema_version=2), 422, "/schema_version", "literal_error"),
    ("editor", report(event_id=DENIAL), 409, None, "event-id-taken"),
    ("auditor", report(), 403, None, "role-forbids"),
    ("reporter", report(recorded_at="2024-01-01T00:00:00Z"), 403, None, "role-forbids"),
    ("reporter", event("ClaimConfirmed", SPEAKER), 403, None, "role-forbids"),
    ("reporter", event("EventRetracted", {"target_event_id": FIRST, **ENTERED}), 403, None, "role-forbids"),
    ("editor", event("EventErased", {"target_event_id": FIRST, **ENTERED}), 403, None, "role-forbids"),
    ("editor", event("EventRetracted", {"target_event_id": RETRACTED, **ENTERED}), 409, None, "target-retracted"),
    ("editor", correction({"occurred_at": "2024"}, RETRACTED), 409, None, "target-retracted"),
    ("importer", report(recorded_at="2014-01-01T00:00:00Z"), 422, "/recorded_at", "recorded_at_order"),
    ("importer", report(recorded_at=ahead(1)), 422, "/recorded_at", "recorded_at_future"),
    ("editor", report(claim_id="new"), 422, "/data/claim", "claim_text_missing"),
    ("editor", event("ClaimReported", {**SPEAKER, "claim": {"text": "Another."}}), 422, "/data/claim/text", None),
    ("editor", correction({"occurred_at": "2024"}, NOBODY), 422, "/data/target_event_id", "unknown_target"),
    ("editor", correction({"occurred_at": "soon"}), 422, "/data/patch/occurred_at", "fuzzy_time"),
    ("editor", correction({"data": {"stance": "affirms"}}), 422, "/data/patch", "unchanged"),
    ("editor", correction({"source": "/x"}), 422, "/data/patch/source", "not_patchable"),
    ("editor", correction({"occurred_at": "2024"}, RETRACTION), 422, "/data/target_event_id", "target_type"),
    (
        "editor",
        event("ClaimAssessed", {**SPEAKER, "verdict": "true", "supersedes_event_id": FIRST}),
        *(422, "/data/supersedes_event_id", "unknown_assessment"),
    ),
    (
        "editor",
        event("ClaimAssessed", {**SPEAKER, "likelihood": WORDS}),
        *(422, "/data/likelihood/low_percent", "likelihood_range"),
    ),
    (
        "editor",
        event("ClaimAssessed", {**SPEAKER, "verdict": "true", "decisive": True}),
        *(422, "/data/decisive", "decisive_refutes"),
    ),
    (
        "editor",
        event("ClaimLinked", {"target_claim_id": "nowhere", "relation": "implies"}),
        *(422, "/data/target_claim_id", "unknown_claim"),
    ),
    (
        "reporter",
        event("ClaimLinked", {"target_claim_id": "hidden", "relation": "implies"}),
        *(422, "/data/target_claim_id", "unknown_claim"),
    ),
    (
        "editor",
        event("ClaimLinked", {"target_claim_id": "one", "relation": "implies"}),
        *(422, "/data/target_claim_id", "self_link"),
    ),
    (
        "editor",
        event("ClaimLinked", {"target_claim_id": "hidden", "relation": "implies"}, classification="public"),
        *(422, "/classification", "wider_than_target"),
    ),
]


def test_bad_events_are_refused_by_field_and_rule_and_change_nothing(service: ServiceProcess):
    keys = {role: service.create_key(role, role) for role in ("reporter", "editor", "importer", "admin", "auditor")}
    with service.client(keys["editor"]) as client:
        client.post("/v1/events", json=LEDGER, params={"wait": "projected"}).raise_for_status()
        before = client.get("/v1/events").content
        for role, body, status, pointer, rule in REFUSED:
            answer = client.post("/v1/events", json=body, headers={"Authorization": f"Bearer {keys[role]}"})
            assert_refused(answer, status, pointer, rule)
        assert client.get("/v1/events").content == before
        assert client.get("/v1/summary").json()["events"] == len(LEDGER)


def assert_refused(answer: Any, status: int, pointer: str | None, rule: str | None) -> None:
    problem = answer.json()
    assert (answer.status_code, problem["status"]) == (status, status), answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    if pointer is None:
        assert problem["type"] == f"/problems/{rule}"
    else:
        assert pointer in [fault["pointer"] for fault in problem["errors"]]
        assert rule is None or rule in [fault["rule"] for fault in problem["errors"]]


UNREADABLE = [
    (b"{", JSON, 400),
    (b"", JSON, 400),
    (b'\xef\xbb\xbf{"type": "ClaimReported"}', JSON, 400),
    (b"{}", {"Content-Type": "text/plain"}, 415),
    (b"{}", {**JSON, "Content-Encoding": "gzip"}, 415),
    (b'{"note": "' + b"x" * 40_000 + b'"}', JSON, 413),
    (b"[" + b"1," * 600_000 + b"1]", JSON, 413),
]


@pytest.mark.parametrize(("body", "headers", "status"), UNREADABLE)
def test_a_body_that_can_not_be_read_is_refused(body, headers, status, reader):
    client = reader
    assert client.post("/v1/events", content=body, headers=headers).status_code == status
    assert client.get("/v1/summary").json()["events"] == 0


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory):
    running = ServiceProcess(tmp_path_factory.mktemp("refusals") / "data")
    with running, running.client(running.create_key("desk", "editor")) as client:
        yield client


def test_without_a_good_key_nothing_is_read_of_the_body(reader):
    for headers in ({"Authorization": "Bearer nonsense"}, {"Authorization": "Basic abc"}, {"Authorization": ""}):
        answer = reader.post("/v1/events", content=b"{", headers={**JSON, **headers})
        assert answer.status_code == 401
        assert "Bearer" in answer.headers["WWW-Authenticate"]

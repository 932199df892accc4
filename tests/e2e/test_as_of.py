"""What was known at an earlier instant, of three hundred real rumours: by claim, by list, and in the summary."""

from collections import Counter
from typing import Any

import httpx
import pytest

from tests.e2e.conftest import SHARED, read_lines
from tests.e2e.service_process import ServiceProcess
from tests.e2e.test_bulk import EMERGENT, needs_emergent, post_lines

INSTANTS = ("2014-10-31T23:59:59Z", "2014-12-31T23:59:59Z")


@pytest.fixture
def rumours(service: ServiceProcess):
    with service.client(service.create_key("importer", "importer")) as client:
        post_lines(client, EMERGENT.read_bytes().splitlines(keepends=True))
        client.get("/v1/summary", params={"min_position": 2895}).raise_for_status()
        yield client


def agrees(expected: Any, actual: Any) -> bool:
    if isinstance(expected, dict):
        return all(agrees(value, actual[name]) for name, value in expected.items())
    return bool(expected == actual)


def list_all(client: httpx.Client, **parameters: Any) -> list[dict[str, Any]]:
    claims: list[dict[str, Any]] = []
    page: dict[str, Any] = client.get("/v1/claims", params=parameters).json()
    while page["next"]:
        claims += page["claims"]
        page = client.get("/v1/claims", params={**parameters, "cursor": page["next"]}).json()
    return [*claims, *page["claims"]]


@needs_emergent
@pytest.mark.parametrize("instant", INSTANTS)
def test_every_rumour_as_it_was_known_then(rumours, instant):
    check_known(rumours, instant)


def check_known(client: httpx.Client, instant: str) -> None:
    """Check all three hundred, through claim, list and summary."""
    expected = {
        claim["claim_id"]: claim[f"known_at {instant}"]
        for claim in read_lines(SHARED / "expected" / "emergent.jsonl")
        if claim[f"known_at {instant}"]["status"] != "unreported"
    }
    check_claims(client, instant, expected)
    check_lists(client, instant, expected)
    check_summary(client, instant, expected)


def check_claims(client: httpx.Client, instant: str, expected: dict[str, Any]) -> None:
    for claim in read_lines(SHARED / "expected" / "emergent.jsonl"):
        answer = client.get(f"/v1/claims/{claim['claim_id']}", params={"known_at": instant})
        if claim["claim_id"] in expected:
            assert agrees(expected[claim["claim_id"]], answer.json()["standing"])
        else:
            assert answer.status_code == 404


def check_lists(client: httpx.Client, instant: str, expected: dict[str, Any]) -> None:
    statuses = {standing["status"] for standing in expected.values()}
    for status in statuses:
        listed = list_all(client, known_at=instant, status=status, limit=7)
        assert Counter(claim["claim_id"] for claim in listed) == Counter(
            claim_id for claim_id, standing in expected.items() if standing["status"] == status
        )
        assert all(agrees(expected[claim["claim_id"]], claim["standing"]) for claim in listed)
        assert [claim["position"] for claim in listed] == sorted((c["position"] for c in listed), reverse=True)
    for sort in ("created", "claim_id"):
        assert {claim["claim_id"] for claim in list_all(client, known_at=instant, sort=sort)} == expected.keys()
    contested = list_all(client, known_at=instant, contested="true", tag="emergent")
    assert {claim["claim_id"] for claim in contested} == {
        claim_id for claim_id, standing in expected.items() if standing["contested"]
    }


def check_summary(client: httpx.Client, instant: str, expected: dict[str, Any]) -> None:
    summary = client.get("/v1/summary", params={"known_at": instant}).json()
    statuses = Counter(standing["status"] for standing in expected.values())
    assert (summary["claims"], summary["statuses"]) == (
        len(expected),
        {**dict.fromkeys(summary["statuses"], 0), **statuses},
    )
    assert summary["contested"] == sum(standing["contested"] for standing in expected.values())
    events = [event for event in read_lines(EMERGENT) if event["recorded_at"] <= instant]
    assert summary["events"] == len(events) == summary["latest"][0]["position"]
    assert sum(minute["events"] for minute in summary["minutes"]) >= 1
    last_minute = events[-1]["recorded_at"][:16]
    assert summary["minutes"][-1] == {
        "minute": f"{last_minute}:00Z",
        "events": sum(event["recorded_at"].startswith(last_minute) for event in events),
    }


@needs_emergent
def test_lists_are_narrowed_to_a_speaker_and_an_outlet(rumours):
    events = [event for event in read_lines(EMERGENT) if event["data"].get("speaker", {}).get("name")]
    name, _ = Counter(event["data"]["speaker"]["name"] for event in events).most_common(1)[0]
    spoken_in = {event["claim_id"] for event in events if event["data"]["speaker"]["name"] == name}
    assert {claim["claim_id"] for claim in list_all(rumours, speaker=name, limit=11)} == spoken_in
    assert {claim["claim_id"] for claim in list_all(rumours, outlet=name)} <= spoken_in
    assert list_all(rumours, speaker="Nobody") == []
    changed = list_all(rumours, changed_after=2000)
    assert {c["claim_id"] for c in changed} == {c["claim_id"] for c in list_all(rumours) if c["position"] > 2000}


@needs_emergent
def test_the_pages_of_a_list_are_as_of_the_first_while_events_come_in(rumours):
    first = rumours.get("/v1/claims", params={"limit": 100}).json()
    seen, cursor = [claim["claim_id"] for claim in first["claims"]], first["next"]
    for number in range(3):
        report = {"claim_id": first["claims"][0]["claim_id"], "data": {"speaker": {"name": f"Desk {number}"}}}
        late = {"claim_id": "emergent-0000", "data": {"claim": {"text": "New."}, "speaker": {"name": "D"}}}
        for event in (report, late):
            answer = rumours.post("/v1/events", json={"type": "ClaimReported", **event}, params={"wait": "projected"})
            assert answer.status_code == 201
        if cursor:
            page = rumours.get("/v1/claims", params={"limit": 100, "cursor": cursor}).json()
            seen, cursor = seen + [claim["claim_id"] for claim in page["claims"]], page["next"]
    assert cursor is None
    assert len(seen) == len(set(seen)) == 300

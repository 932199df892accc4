"""An embargo ends on time by an event of the ledger's own, after a restart too, and not before."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from tests.e2e.service_process import ServiceProcess


def report(claim_id: str, **members: Any) -> dict[str, Any]:
    data = {"claim": {"text": f"The text of {claim_id}."}, "speaker": {"name": "Desk"}}
    return {"type": "ClaimReported", "claim_id": claim_id, "data": data, **members}


def ahead(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def post(client: httpx.Client, event: dict[str, Any]) -> dict[str, Any]:
    answer = client.post("/v1/events", json=event, params={"wait": "projected"})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def statuses(public: httpx.Client, claim_id: str) -> list[int]:
    addresses = (f"/v1/claims/{claim_id}", f"/v1/claims/{claim_id}/history")
    return [public.get(address).status_code for address in addresses]


def test_an_embargoed_claim_is_the_staffs_until_it_is_everybodys(service: ServiceProcess):
    with service.client(service.create_key("desk", "editor")) as desk, service.client() as public:
        until = ahead(2.5)
        receipt = post(desk, report("one", embargo_until=until))
        assert statuses(public, "one") == [404, 404]
        assert public.get(f"/v1/events/{receipt['event_id']}").status_code == 404
        assert public.get("/v1/summary").json()["events"] == 0
        assert desk.get("/v1/claims/one").status_code == 200
        # The ledger's own event is the second: reads wait for it.
        assert desk.get("/v1/summary", params={"min_position": 2}).status_code == 200
        assert statuses(public, "one") == [200, 200]
        _, ended = public.get("/v1/claims/one/history").json()["events"]
        assert (ended["event"]["type"], ended["event"]["recorded_by"]) == ("EventReclassified", "ledger")
        assert until <= ended["event"]["recorded_at"] < (datetime.now(UTC) + timedelta(seconds=1)).isoformat()


def test_an_embargo_that_ended_while_the_service_was_away_is_ended_when_it_is_back(service: ServiceProcess):
    key = service.create_key("desk", "editor")
    with service.client(key) as desk:
        first = post(desk, report("one", embargo_until=ahead(1)))
        retraction = {"target_event_id": first["event_id"], "reason": "Wrong.", "reason_kind": "entered_in_error"}
        post(desk, {"type": "EventRetracted", "claim_id": "one", "data": retraction})
        post(desk, report("two", embargo_until=ahead(3600)))
    service.kill()
    service.start()
    with service.client() as public:
        # The event and its retraction move together, in one batch.
        assert public.get("/v1/summary", params={"min_position": 5}).status_code == 200
        assert statuses(public, "one") == [200, 200]
        types = [record["event"]["type"] for record in public.get("/v1/claims/one/history").json()["events"]]
        assert types == ["ClaimReported", "EventRetracted", "EventReclassified", "EventReclassified"]
        assert statuses(public, "two") == [404, 404]

"""Appending one event, and arrays."""

import json

import pytest

from api.errors import NotYetErasedError
from api.ports import UnavailableError
from domain.errors import Fault, MalformedError, RoleForbidsError, RuleBrokenError, VersionMismatchError
from tests.api.conftest import in_pieces
from tests.api.fakes import EVENT_ID, SMALLEST, erased, receipt_at

BIG = {**SMALLEST, "occurred_text": "x" * 33_000}


def codes(response):
    return response.status_code, response.json()["type"].removeprefix("/problems/")


def test_a_new_event_is_answered_with_its_receipt_and_address(client):
    response = client.post(json=SMALLEST)
    assert response.status_code == 201
    assert response.json() == {
        "event_id": EVENT_ID,
        "claim_id": "begun",
        "claim_version": 1,
        "position": 1,
        "recorded_at": "2024-10-05T12:00:00.000000Z",
        "event_sha256": "0" * 64,
        "duplicate": False,
    }
    assert response.headers["Location"] == f"/v1/events/{EVENT_ID}"
    assert response.headers["Cache-Control"] == "no-store"


def test_a_known_event_is_answered_with_200_and_its_first_receipt(client):
    event = {**SMALLEST, "event_id": EVENT_ID}
    assert client.post(json=event).status_code == 201
    again = client.post(json=event)
    assert (again.status_code, again.json()["duplicate"], "Location" in again.headers) == (200, True, False)


def test_the_ledger_is_told_who_posts(client, world):
    client.post(key="reporter", json=SMALLEST)
    (command,) = world.ledger.commands
    assert (command.poster.name, command.poster.role, command.poster.audience) == ("reporter-desk", "reporter", 1)
    assert command.if_version is None


def test_the_claim_id_comes_from_the_address(client, world):
    assert client.post("/v1/claims/some-claim/events", json=SMALLEST).status_code == 201
    assert world.ledger.commands[0].event.claim_id == "some-claim"


@pytest.mark.parametrize("body", [SMALLEST, [SMALLEST]])
def test_an_address_that_names_no_claim_id_is_refused(client, world, body):
    response = client.post("/v1/claims/NO/events", json=body)
    assert codes(response) == (422, "malformed")
    assert response.json()["errors"][0]["pointer"] == "/claim_id"
    assert world.ledger.groups == []


def test_lines_for_an_address_that_names_no_claim_id_are_refused_at_once(client):
    assert codes(client.post_lines(b"{}", "/v1/claims/NO/events")) == (422, "malformed")


def test_appending_needs_a_key_before_anything_else(client):
    response = client.post(key=None, content=b"no JSON", headers={"Content-Type": "text/plain"})
    assert codes(response) == (401, "unauthorized")
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert codes(client.post("/v1/events?x=1", key="unknown")) == (401, "unauthorized")


def test_what_a_role_may_is_for_the_ledger_to_say(client, world):
    world.ledger.next.append(RoleForbidsError("an auditor reads, and appends nothing"))
    assert codes(client.post(key="auditor", json=SMALLEST)) == (403, "role-forbids")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/json; charset=latin-1"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
        {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"},
    ],
)
def test_other_media_types_are_refused(client, headers):
    response = client.post(content=b"{}", headers=headers)
    assert codes(response) == (415, "unsupported-media-type")
    assert response.headers["Accept-Post"] == "application/json, application/x-ndjson"


@pytest.mark.parametrize("media_type", ["application/json; charset=UTF-8", 'Application/JSON;charset="utf-8"; v=1'])
def test_parameters_of_the_media_type_are_understood(client, media_type):
    headers = {"Content-Type": media_type, "Content-Encoding": "identity"}
    assert client.post(content=json.dumps(SMALLEST), headers=headers).status_code == 201


@pytest.mark.parametrize("body", [b"", b"{", b"[", b"\xff", b"[" + b"{" * 40_000])
def test_a_body_that_is_not_json_is_refused(client, body):
    assert codes(client.post(content=body, headers={"Content-Type": "application/json"})) == (400, "not-json")


def test_every_fault_of_a_malformed_event_is_named(client, world):
    response = client.post(json={"type": "ClaimReported", "colour": "red", "data": {"speaker": {"name": "KP"}, "x": 1}})
    assert codes(response) == (422, "malformed")
    assert sorted(fault["pointer"] for fault in response.json()["errors"]) == ["/colour", "/data/x"]
    assert world.ledger.groups == []


@pytest.mark.parametrize("body", [BIG, [SMALLEST, BIG]])
def test_an_event_over_32_kib_is_refused(client, body):
    assert codes(client.post(json=body)) == (413, "too-large")


def test_a_long_array_of_short_events_is_not_too_large(client):
    assert client.post(json=[SMALLEST] * 400).status_code == 201


def test_a_body_over_the_limit_is_refused_whatever_its_length_says(client):
    client.set_options(max_body_bytes=2000)
    body = json.dumps([SMALLEST] * 100).encode()
    headers = {"Content-Type": "application/json"}
    assert codes(client.post(content=body, headers=headers)) == (413, "too-large")
    assert codes(client.post(content=in_pieces(body, 100), headers=headers)) == (413, "too-large")
    assert codes(client.post(content=body, headers={**headers, "Content-Length": "10"})) == (413, "too-large")


@pytest.mark.parametrize(
    ("headers", "version"), [({"If-Match": '"3"'}, 3), ({"If-None-Match": "*"}, 0), ({"If-Match": '"0"'}, 0)]
)
def test_a_precondition_is_passed_on(client, world, headers, version):
    assert client.post(json=SMALLEST, headers=headers).status_code == 201
    assert world.ledger.commands[0].if_version == version


def test_a_precondition_that_fails_is_412(client, world):
    world.ledger.next.append(VersionMismatchError("claim some-claim is at version 4, not 3"))
    assert codes(client.post(json=SMALLEST, headers={"If-Match": '"3"'})) == (412, "version-mismatch")


@pytest.mark.parametrize(
    "headers",
    [
        {"If-Match": "3"},
        {"If-Match": "*"},
        {"If-Match": 'W/"3"'},
        {"If-Match": '"three"'},
        {"If-None-Match": '"3"'},
        {"If-Match": '"3"', "If-None-Match": "*"},
    ],
)
def test_a_precondition_of_another_form_is_refused(client, headers):
    assert codes(client.post(json=SMALLEST, headers=headers)) == (422, "bad-header")


def test_a_precondition_goes_with_a_single_event_only(client):
    headers = {"If-None-Match": "*"}
    assert codes(client.post(json=[SMALLEST], headers=headers)) == (422, "bad-header")
    assert codes(client.post_lines(b"{}", headers=headers)) == (422, "bad-header")


def test_an_array_is_one_group_and_is_answered_in_its_order(client, world):
    response = client.post(json=[{**SMALLEST, "claim_id": "one-claim"}, {**SMALLEST, "claim_id": "two-claim"}])
    assert response.status_code == 201
    assert [receipt["claim_id"] for receipt in response.json()["receipts"]] == ["one-claim", "two-claim"]
    assert list(map(len, world.ledger.groups)) == [2]


def test_an_array_is_201_if_any_of_it_is_new(client):
    known, new = {**SMALLEST, "event_id": EVENT_ID}, SMALLEST
    client.post(json=known)
    assert client.post(json=[known]).status_code == 200
    assert client.post(json=[known, new]).status_code == 201


def test_the_pointers_of_an_array_start_with_the_index(client, world):
    response = client.post(json=[SMALLEST, {"type": "ClaimReported"}])
    assert response.json()["errors"][0]["pointer"] == "/1/data"
    refusal = RuleBrokenError.at("/data/speaker", "some_rule", "so it is")
    refusal.index = 2
    world.ledger.next.append(refusal)
    response = client.post(json=[SMALLEST] * 3)
    assert response.json()["errors"] == [{"pointer": "/2/data/speaker", "rule": "some_rule", "detail": "so it is"}]


def test_where_no_field_is_at_fault_the_item_of_the_array_is(client, world):
    refusal = RoleForbidsError("it needs the editor role")
    refusal.index = 1
    world.ledger.next.append(refusal)
    response = client.post(json=[SMALLEST, SMALLEST])
    assert codes(response) == (403, "role-forbids")
    assert response.json()["errors"] == [
        {"pointer": "/1", "rule": "role-forbids", "detail": "it needs the editor role"}
    ]


@pytest.mark.parametrize("size", [0, 1001])
def test_an_array_has_1_to_1000_items(client, size):
    assert codes(client.post(json=[SMALLEST] * size)) == (422, "malformed")


def test_a_ledger_that_is_away_is_503_with_retry_after(client, world):
    world.ledger.overloads = 1
    response = client.post(json=SMALLEST)
    assert codes(response) == (503, "unavailable")
    assert response.headers["Retry-After"] == "3"
    world.ledger.next.append(UnavailableError("the disk is full"))
    assert codes(client.post(json=SMALLEST)) == (503, "unavailable")


def test_an_erased_event_id_is_410(client, world):
    world.ledger.next.append(erased())
    assert codes(client.post(json=SMALLEST)) == (410, "erased")


def test_an_error_of_the_ledger_that_nobody_foresaw_is_a_bare_500(client, world):
    world.ledger.next.append(RuntimeError("secret"))
    response = client.post(json=SMALLEST)
    assert codes(response) == (500, "internal-error")
    assert "secret" not in response.text


@pytest.mark.parametrize("body", [SMALLEST, [SMALLEST]])
def test_wait_projected_answers_when_reads_show_the_event(client, world, body):
    assert client.post("/v1/events?wait=projected", json=body).status_code == 201
    assert world.views.asked == [(1, 5.0)]


@pytest.mark.parametrize("body", [SMALLEST, [SMALLEST]])
def test_wait_projected_in_vain_says_that_the_event_is_recorded(client, world, body):
    world.ledger.next.append((receipt_at(8),))
    response = client.post("/v1/events?wait=projected", json=body)
    assert codes(response) == (503, "not-yet-projected")
    assert response.headers["Retry-After"] == "1"
    assert "errors" not in response.json()
    assert [receipt["position"] for receipt in response.json()["receipts"]] == [8]


@pytest.mark.parametrize("body", [SMALLEST, [SMALLEST]])
def test_who_erases_in_vain_is_told_to_ask_again_and_that_no_item_is_at_fault(client, world, body):
    world.ledger.next.append(NotYetErasedError("the erasure is recorded", {"receipts": [{"position": 8}]}))
    response = client.post(json=body)
    assert codes(response) == (503, "not-yet-erased")
    assert response.headers["Retry-After"] == "1"
    assert "errors" not in response.json()
    assert response.json()["receipts"] == [{"position": 8}]


@pytest.mark.parametrize("query", ["wait=for-ever", "wait=", "colour=red"])
def test_unknown_parameters_of_an_append_are_refused(client, query):
    assert codes(client.post(f"/v1/events?{query}", json=SMALLEST)) == (422, "bad-parameter")


def test_a_surrogate_in_a_refusal_does_not_break_its_problem(client, world):
    fault = Fault(pointer="/\ud800", rule="r", detail="d")
    world.ledger.next.append(MalformedError("lone \ud800", (fault,)))
    assert client.post(json=SMALLEST).json()["detail"] == "lone \ud800"

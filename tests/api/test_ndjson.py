"""Appending NDJSON: each line stands alone, and is answered in order."""

import asyncio
import json

import pytest
from structlog.testing import capture_logs

from api.app import create_app
from api.errors import NotYetErasedError
from api.ports import UnavailableError
from domain.errors import RuleBrokenError
from tests.api.conftest import in_pieces
from tests.api.fakes import SMALLEST, receipt_at

LINE = json.dumps(SMALLEST).encode()


def answers(response):
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/x-ndjson"
    return [json.loads(line) for line in response.text.splitlines()]


def test_each_line_is_answered_and_the_end_is_told(client, world):
    first, second, end = answers(client.post_lines(LINE + b"\n" + LINE + b"\n"))
    assert (first["line"], first["position"], first["duplicate"]) == (1, 1, False)
    assert (second["line"], second["position"]) == (2, 2)
    assert end == {"end": {"position": 2, "count": 2, "refused": 0}}
    assert list(map(len, world.ledger.groups)) == [1, 1]


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_lines_may_come_in_any_pieces_with_blank_ones_between_and_no_end(client, size):
    body = b"\n \r\n" + LINE + b"\r\n\n" + LINE
    *receipts, end = answers(client.post_lines(in_pieces(body, size)))
    assert [receipt["line"] for receipt in receipts] == [3, 5]
    assert end["end"]["count"] == 2


def test_a_body_without_lines_has_only_an_end(client):
    assert answers(client.post_lines(b"\n")) == [{"end": {"position": 0, "count": 0, "refused": 0}}]


def test_a_line_that_is_refused_does_not_stop_the_others(client, world):
    refusal = RuleBrokenError.at("/data", "some_rule", "so it is")
    world.ledger.next.extend([refusal, (receipt_at(5),)])
    bad, broken, good, end = answers(client.post_lines(b"{\n" + LINE + b"\n" + LINE))
    assert (bad["line"], bad["status"], bad["type"]) == (1, 400, "/problems/not-json")
    assert (broken["line"], broken["status"], broken["errors"][0]["pointer"]) == (2, 422, "/data")
    assert (good["line"], good["position"]) == (3, 5)
    assert end == {"end": {"position": 5, "count": 3, "refused": 2}}


def test_an_erasure_that_takes_too_long_is_told_on_its_line_and_does_not_stop_the_others(client, world):
    world.ledger.next.append(NotYetErasedError("the erasure is recorded", {"receipts": [{"position": 8}]}))
    late, good, end = answers(client.post_lines(LINE + b"\n" + LINE))
    assert (late["line"], late["status"], late["receipts"]) == (1, 503, [{"position": 8}])
    assert (good["line"], end["end"]["count"]) == (2, 2)


@pytest.mark.parametrize("size", [1000, 100_000])
def test_a_line_over_32_kib_is_refused_and_the_rest_goes_on(client, size):
    body = b'{"x": "' + b"x" * 70_000 + b'"}\n' + LINE + b"\n" + b" " * 40_000
    long, good, spaces, end = answers(client.post_lines(in_pieces(body, size)))
    assert (long["line"], long["status"]) == (1, 413)
    assert good["line"] == 2
    assert (spaces["line"], spaces["status"]) == (3, 413)
    assert end["end"]["refused"] == 2


def test_the_claim_id_of_the_address_holds_for_every_line(client):
    other = json.dumps({**SMALLEST, "claim_id": "other-claim"}).encode()
    good, bad, _ = answers(client.post_lines(LINE + b"\n" + other, "/v1/claims/some-claim/events"))
    assert (good["claim_id"], bad["status"]) == ("some-claim", 422)


def test_many_lines_are_recorded_in_windows_and_in_order(client):
    *receipts, end = answers(client.post_lines((LINE + b"\n") * 3000))
    assert [receipt["line"] for receipt in receipts] == list(range(1, 3001))
    assert [receipt["position"] for receipt in receipts] == list(range(1, 3001))
    assert end["end"] == {"position": 3000, "count": 3000, "refused": 0}


def test_an_overload_is_waited_out(client, world):
    world.ledger.overloads = 1
    *receipts, end = answers(client.post_lines(LINE + b"\n" + LINE))
    assert [receipt["line"] for receipt in receipts] == [1, 2]
    assert end["end"]["count"] == 2


def test_only_what_was_not_recorded_is_tried_again(client, world):
    world.ledger.next.extend([(receipt_at(1),), UnavailableError("away"), (receipt_at(2),)])
    *receipts, _ = answers(client.post_lines(LINE + b"\n" + LINE))
    assert [(receipt["line"], receipt["position"]) for receipt in receipts] == [(1, 1), (2, 2)]
    assert len(world.ledger.commands) == 3


def test_an_overload_that_lasts_ends_the_answer_with_an_error(client, world):
    world.ledger.overloads = 1000
    (error,) = answers(client.post_lines((LINE + b"\n") * 3000))
    assert (error["error"]["status"], error["error"]["type"]) == (503, "/problems/unavailable")


def test_what_was_recorded_before_the_error_is_answered(client, world):
    world.ledger.next.extend([(receipt_at(1),), *[UnavailableError("away")] * 100])
    first, error = answers(client.post_lines(LINE + b"\n" + LINE))
    assert first["position"] == 1
    assert error["error"]["detail"] == "away"


def test_an_error_that_nobody_foresaw_is_logged_and_not_told(client, world):
    world.ledger.next.append(RuntimeError("secret"))
    with capture_logs() as logs:
        response = client.post_lines(LINE)
    (error,) = answers(response)
    assert (error["error"]["status"], "secret" in response.text) == (500, False)
    assert logs[0]["request_id"] == response.headers["X-Request-Id"]
    assert "secret" in str(logs[0]["error"])


def test_a_key_that_is_revoked_meanwhile_ends_the_import(client, world):
    world.keys.uses = 2
    *receipts, error = answers(client.post_lines(in_pieces((LINE + b"\n") * 3000, 100_000)))
    assert 1 <= len(receipts) < 3000
    assert len(receipts) == len(world.ledger.commands)
    assert error["error"]["type"] == "/problems/unauthorized"


def test_wait_projected_holds_back_the_end(client, world):
    assert "end" in answers(client.post_lines(LINE, "/v1/events?wait=projected"))[-1]
    assert world.views.asked == [(1, 5.0)]
    world.views.position = 0
    receipt, error = answers(client.post_lines(LINE, "/v1/events?wait=projected"))
    assert receipt["position"] == 2
    assert error["error"]["type"] == "/problems/not-yet-projected"


@pytest.mark.parametrize("wait", ["projected", "published"])
def test_an_import_waits_as_patiently_for_reads_and_the_log_as_for_the_ledger(client, world, wait):
    client.set_options(patience_s=60.0)
    client.post_lines(LINE, f"/v1/events?wait={wait}")
    assert (world.views.asked or world.log.asked) == [(1, 60.0)]


def test_what_a_client_submitted_before_it_went_away_stays(world):
    """And half a line is not recorded."""
    pieces = [LINE + b"\n", LINE[:20]]
    recorded = asyncio.Event()
    sent = []

    async def receive():
        if pieces:
            return {"type": "http.request", "body": pieces.pop(0), "more_body": True}
        await recorded.wait()
        return {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)
        if b'"line":1' in message.get("body", b""):
            recorded.set()

    headers = [(b"authorization", b"Bearer editor"), (b"content-type", b"application/x-ndjson")]
    scope = {"type": "http", "method": "POST", "path": "/v1/events", "query_string": b"", "headers": headers}
    asyncio.run(create_app(world.ports())(scope, receive, send))
    assert len(world.ledger.commands) == 1
    assert b'"end"' not in b"".join(message.get("body", b"") for message in sent)


def test_a_client_that_goes_away_during_a_json_body_is_no_error(world):
    async def receive():
        return {"type": "http.disconnect"}

    async def send(message):
        pass

    headers = [(b"authorization", b"Bearer editor"), (b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": "/v1/events", "query_string": b"", "headers": headers}
    with capture_logs() as logs:
        asyncio.run(create_app(world.ports())(scope, receive, send))
    assert (logs, world.ledger.commands) == ([], [])

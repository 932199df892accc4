"""Lists: filters, pages, cursors, and NDJSON as a whole."""

import csv
import io
import json

import pytest

from api.ports import ClaimFilter, PageWanted, Place, Record
from domain.reader import NOW, Cut
from domain.times import parse_instant
from tests.api.fakes import EVENT_ID
from tests.api.test_append import codes

PLACE = Place(as_of=40, last=12)
NOON = "2024-10-08T12:00:00Z"
NDJSON = {"Accept": "application/x-ndjson"}


def test_the_claims_are_filtered_by_what_is_asked(client, world):
    world.views.claims = [{"claim_id": "some-claim"}]
    query = "status=denied&contested=true&tag=war&speaker=A&outlet=B&changed_after=5&limit=3&sort=created"
    response = client.get(f"/v1/claims?{query}", key="editor")
    assert response.json() == {"claims": [{"claim_id": "some-claim"}], "next": None}
    which = ClaimFilter(status="denied", contested=True, tag="war", speaker="A", outlet="B", changed_after=5)
    assert world.views.asked == [(which, 2, NOW, PageWanted(sort="created", limit=3, after=None))]


def test_without_filters_50_claims_are_listed(client, world):
    client.get("/v1/claims?contested=false")
    wanted = PageWanted(sort="changed", limit=50, after=None)
    assert world.views.asked == [(ClaimFilter(contested=False), 0, NOW, wanted)]


@pytest.mark.parametrize(
    ("query", "cut"),
    [
        (f"known_at={NOON}", Cut(known_us=parse_instant(NOON))),
        ("known_at=2024-10-08T14:00:00%2B02:00", Cut(known_us=parse_instant(NOON))),
        ("position=7", Cut(position=7)),
        ("position=0", Cut(position=0)),
    ],
)
@pytest.mark.parametrize("url", ["/v1/claims", "/v1/claims/some-claim", "/v1/claims/some-claim/history", "/v1/summary"])
def test_every_read_that_looks_back_is_handed_the_cut(client, world, url, query, cut):
    assert client.get(f"{url}?{query}").status_code == 200
    (asked,) = world.views.asked
    assert cut == (asked[2] if isinstance(asked, tuple) else asked)


def test_valid_at_goes_with_a_claim_and_with_either_cut(client, world):
    at_us = parse_instant(NOON)
    client.get(f"/v1/claims/some-claim?valid_at={NOON}")
    client.get(f"/v1/claims/some-claim?valid_at={NOON}&position=3")
    assert world.views.asked == [Cut(valid_us=at_us), Cut(valid_us=at_us, position=3)]
    assert codes(client.get(f"/v1/claims?valid_at={NOON}")) == (422, "bad-parameter")


@pytest.mark.parametrize(
    ("query", "rule"),
    [
        (f"known_at={NOON}&position=3", "two_cuts"),
        ("known_at=2026-01-01T00:00:00.000001Z", "in_future"),
        ("valid_at=2027-01-01T00:00:00Z", "in_future"),
        ("position=8", "in_future"),
        ("known_at=2024-10-08", "instant"),
        ("known_at=yesterday", "instant"),
        ("known_at=", "instant"),
    ],
)
def test_a_cut_that_can_not_be_is_refused(client, query, rule):
    problem = client.get(f"/v1/claims/some-claim?{query}")
    assert codes(problem) == (422, "bad-parameter")
    assert problem.json()["errors"][0]["rule"] == rule


@pytest.mark.parametrize("filter_by", ["changed_after=3", "speaker=A", "outlet=B"])
def test_what_is_kept_as_of_now_is_not_asked_for_in_the_past(client, filter_by):
    assert codes(client.get(f"/v1/claims?{filter_by}&position=5")) == (422, "bad-parameter")


@pytest.mark.parametrize(
    "query", ["status=true", "contested=1", "contested=", "limit=0", "limit=201", "limit=x", "sort=size", "tag="]
)
def test_filters_of_a_wrong_form_are_refused(client, query):
    assert codes(client.get(f"/v1/claims?{query}")) == (422, "bad-parameter")


def test_the_cursor_leads_to_the_next_page(client, world):
    world.views.next_place = PLACE
    cursor = client.get("/v1/claims?status=denied").json()["next"]
    world.views.next_place = None
    assert client.get(f"/v1/claims?status=denied&cursor={cursor}").json()["next"] is None
    wanted = PageWanted(sort="changed", limit=50, after=PLACE)
    assert world.views.asked[-1] == (ClaimFilter(status="denied"), 0, NOW, wanted)


def test_a_cursor_by_claim_id_holds_the_id(client, world):
    world.views.next_place = Place(as_of=40, last="some.claim-1")
    cursor = client.get("/v1/claims?sort=claim_id").json()["next"]
    client.get(f"/v1/claims?sort=claim_id&cursor={cursor}")
    assert world.views.asked[-1][3].after == world.views.next_place


def test_a_cursor_that_was_altered_or_is_of_another_list_is_refused(client, world):
    world.views.next_place = PLACE
    cursor = client.get("/v1/claims").json()["next"]
    for place in range(len(cursor)):
        altered = cursor[:place] + ("A" if cursor[place] != "A" else "B") + cursor[place + 1 :]
        assert codes(client.get(f"/v1/claims?cursor={altered}")) == (422, "bad-parameter")
    for altered in ("x", "x" * 401, "ä", cursor + "=", cursor[:-1], cursor + "&status=denied"):
        assert codes(client.get(f"/v1/claims?cursor={altered}")) == (422, "bad-parameter")


@pytest.mark.parametrize("url", ["/v1/claims/some-claim/history", "/v1/events"])
def test_records_are_listed_page_by_page(client, url):
    first = client.get(f"{url}?limit=2", key="editor").json()
    assert first == {"events": [{"position": 1}, {"position": 2}], "next": 2}
    last = client.get(f"{url}?limit=2&after={first['next']}", key="editor").json()
    assert last == {"events": [{"position": 3}], "next": None}
    assert client.get(f"{url}?after=3").json() == {"events": [], "next": None}


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "after=-1", "after=x"])
def test_places_and_limits_of_a_wrong_form_are_refused(client, query):
    assert codes(client.get(f"/v1/events?{query}")) == (422, "bad-parameter")


@pytest.mark.parametrize("url", ["/v1/claims/some-claim/history", "/v1/events"])
def test_ndjson_has_all_records(client, url):
    response = client.get(url, key="editor", headers=NDJSON)
    assert response.headers["Content-Type"] == "application/x-ndjson"
    assert response.text == '{"position":1}\n{"position":2}\n{"position":3}\n'
    assert (response.headers["Onrecord-Position"], "ETag" in response.headers) == ("7", False)
    assert response.headers["Cache-Control"] == "private, no-cache"


def test_ndjson_goes_on_after_the_first_thousand_and_ends_where_it_began(client, world):
    world.views.position = 2500
    world.views.records = [Record(b'{"position":%d}' % n, n, n) for n in range(1, 4001)]
    response = client.get("/v1/events", key="editor", headers=NDJSON)
    positions = [json.loads(line)["position"] for line in response.text.splitlines()]
    assert positions == list(range(1, 2501))


def test_ndjson_honours_after_and_limit(client):
    assert client.get("/v1/events?after=1&limit=1", headers=NDJSON).text == '{"position":2}\n'


def test_a_history_that_is_hidden_meanwhile_ends(client, world):
    world.views.position = 4000
    world.views.records = [Record(b"{}", n, n) for n in range(1, 1001)]
    world.views.is_hidden_soon = True
    response = client.get("/v1/claims/some-claim/history", headers=NDJSON)
    assert len(response.text.splitlines()) == 1000


def test_head_of_ndjson_has_no_body(client):
    response = client.request("HEAD", "/v1/events", headers=NDJSON)
    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["Content-Type"] == "application/x-ndjson"


@pytest.mark.parametrize(
    ("accept", "is_ndjson"),
    [
        ("application/x-ndjson, application/json;q=0.5", True),
        ("application/x-ndjson;q=0.1, application/json", False),
        ("Application/X-NDJSON; v=1; Q=0.5", True),
        ("application/x-ndjson;q=x", False),
        ("application/x-ndjson;q=0", False),
        ("*/*", False),
    ],
)
def test_the_form_that_is_preferred_is_answered(client, accept, is_ndjson):
    response = client.get("/v1/events", headers={"Accept": accept})
    assert (response.headers["Content-Type"] == "application/x-ndjson") is is_ndjson


@pytest.mark.parametrize("url", ["/v1/claims/staff-claim/history", "/v1/claims/other-claim/history"])
@pytest.mark.parametrize("headers", [{}, NDJSON])
def test_the_history_of_what_one_may_not_read_is_not_found(client, url, headers):
    assert codes(client.get(url, headers=headers)) == (404, "not-found")


def test_a_record_is_found_by_its_id_in_any_case(client):
    assert client.get(f"/v1/events/{EVENT_ID.upper()}").json() == {"position": 1}


def test_the_bytes_are_those_that_are_stored(client):
    response = client.get(f"/v1/events/{EVENT_ID}/bytes")
    assert response.content == b'{"a":1}'
    assert response.headers["ETag"] == '"015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862"'


def test_the_bytes_of_an_erased_event_are_gone(client):
    assert codes(client.get(f"/v1/events/{EVENT_ID[:-1]}0/bytes")) == (410, "erased")


@pytest.mark.parametrize("suffix", ["", "/bytes"])
def test_an_event_that_is_not_there_is_not_found(client, suffix):
    assert codes(client.get(f"/v1/events/none{suffix}")) == (404, "not-found")


CSV = {"Accept": "text/csv"}


def test_a_history_as_a_table_has_a_row_for_each_record(client, world):
    data = {
        "speaker": {"kind": "anonymous", "description": 'a, "source"'},
        "wording": {"quote": "=SUM(A1)\nand more", "language": "en"},
    }
    event = {
        "event_id": EVENT_ID,
        "claim_version": 1,
        "type": "ClaimReported",
        "recorded_at": "2024-10-05T12:00:00Z",
        "recorded_by": "-desk",
        "occurred_at": None,
        "data": data,
    }
    erased = {"by": "x", "event_id": "y", "claim_version": 2, "type": "ClaimDenied", "recorded_at": "z"}
    reads = [
        {"position": 8, "event_sha256": "ab", "event": event, "erased": None},
        {"position": 9, "event_sha256": "cd", "event": None, "erased": erased},
    ]
    world.views.position = 9
    world.views.records = [Record(json.dumps(read).encode(), 8 + n, 1 + n) for n, read in enumerate(reads)]
    response = client.get("/v1/claims/some-claim/history", headers=CSV)
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    head, first, second = csv.reader(io.StringIO(response.text))
    assert head[:5] == ["position", "event_id", "event_sha256", "claim_version", "type"]
    assert first[:-1] == [
        *("8", EVENT_ID, "ab", "1", "ClaimReported", "2024-10-05T12:00:00Z", "'-desk", ""),
        *('a, "source"', "'=SUM(A1)\nand more"),
    ]
    assert json.loads(first[-1]) == data
    assert second == ["9", "y", "cd", "2", "ClaimDenied", "z", "", "", "", "", ""]


def test_the_ledger_is_not_offered_as_a_table(client):
    assert client.get("/v1/events", headers=CSV).headers["Content-Type"] == "application/json"

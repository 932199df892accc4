"""The log over HTTP: addresses, media types, what may be kept by caches, and receipts."""

import pytest

from api.ports import Record
from tests.api.fakes import EVENT_ID, SMALLEST
from tests.api.test_append import codes

TEXT = "text/plain; charset=utf-8"
PROOF = f"/v1/events/{EVENT_ID}/proof"


@pytest.mark.parametrize(
    ("url", "body", "media_type", "caching"),
    [
        ("/log/checkpoint", b"three\n", TEXT, "no-cache"),
        ("/log/checkpoints", b"one\ntwo\nthree\n", TEXT, "no-cache"),
        ("/log/checkpoints?after=1", b"two\nthree\n", TEXT, "no-cache"),
        ("/log/checkpoints?after=9", b"", TEXT, "no-cache"),
        ("/log/key", b"ledger.example/log+0a0b0c0d+AQID\n", TEXT, "no-cache"),
        (
            "/log/tile/0/x001/234.p/7",
            b"\x00\xff",
            "application/octet-stream",
            "public, max-age=31536000, immutable",
        ),
    ],
)
def test_the_log_is_there_for_everybody(client, url, body, media_type, caching):
    client.set_options(public_reads=False)
    response = client.get(url)
    assert (response.status_code, response.content) == (200, body)
    assert response.headers["Content-Type"] == media_type
    assert response.headers["Cache-Control"] == caching
    head = client.request("HEAD", url)
    assert (head.status_code, head.content, head.headers["Content-Type"]) == (200, b"", media_type)


@pytest.mark.parametrize("url", ["/log/tile/0/000", "/log/tile/", "/log/tile/entries/x", "/log/tiles", "/log/"])
def test_what_the_published_tree_lacks_is_not_found_and_no_cache_remembers_that(client, url):
    response = client.get(url)
    assert codes(response) == (404, "not-found")
    assert response.headers["Cache-Control"] == "no-store"


def test_before_the_first_checkpoint_it_is_not_available_yet(client, world):
    world.log.is_there = False
    response = client.get("/log/checkpoint")
    assert codes(response) == (503, "unavailable")
    assert response.headers["Retry-After"] == "1"
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("query", ["limit=3", "after=x", "after=-1"])
def test_an_unknown_or_wrong_parameter_is_refused(client, query):
    assert codes(client.get(f"/log/checkpoints?{query}")) == (422, "bad-parameter")


def test_a_receipt_is_given_to_who_reads_the_event(client, world):
    world.views.records = [Record(b"{}", 7, 1)]
    response = client.get(PROOF)
    assert (response.status_code, response.content) == (200, b"a proof\n")
    assert response.headers["Content-Type"] == TEXT
    assert response.headers["Cache-Control"] == "no-cache"
    assert world.log.asked == [7]
    again = client.get(PROOF, headers={"If-None-Match": response.headers["ETag"]})
    assert again.status_code == 304


def test_until_a_checkpoint_covers_the_event_its_receipt_is_to_be_asked_for_again(client, world):
    world.views.records = [Record(b"{}", 8, 1)]
    response = client.get(PROOF)
    assert codes(response) == (503, "not-yet-published")
    assert response.headers["Retry-After"] == "1"


def test_of_an_event_that_one_may_not_read_there_is_no_receipt(client, world):
    assert codes(client.get(f"/v1/events/{EVENT_ID[:-1]}1/proof")) == (404, "not-found")
    assert world.log.asked == []
    client.set_options(public_reads=False)
    assert codes(client.get(PROOF)) == (401, "unauthorized")


def test_an_append_may_wait_until_a_checkpoint_covers_it(client, world):
    assert client.post("/v1/events?wait=published", json=SMALLEST).status_code == 201
    assert client.post("/v1/events?wait=published", json=[SMALLEST, SMALLEST]).status_code == 201
    assert world.log.asked == [(1, 5.0), (3, 5.0)]
    assert world.views.asked == []


def test_where_no_checkpoint_covers_it_in_time_the_receipt_comes_with_the_problem(client, world):
    world.log.size = 0
    response = client.post("/v1/events?wait=published", json=SMALLEST)
    assert codes(response) == (503, "not-yet-published")
    assert response.headers["Retry-After"] == "1"
    assert [receipt["position"] for receipt in response.json()["receipts"]] == [1]


@pytest.mark.parametrize(("size", "last"), [(7, "end"), (1, "error")])
def test_lines_may_wait_until_a_checkpoint_covers_all_of_them(client, world, size, last):
    world.log.size = size
    line = b'{"type":"ClaimReported","data":{"claim":{"text":"A text."},"speaker":{"name":"D"}}}\n'
    answers = client.post_lines(2 * line, "/v1/events?wait=published").text.splitlines()
    assert answers[-1].startswith(f'{{"{last}":')
    assert ("not-yet-published" in answers[-1]) is (last == "error")

"""The feed and the badges: what the public sees, for other people's readers and pages."""

import re
from typing import Any, get_args
from xml.etree import ElementTree as ET

import pytest

from domain.standing import Status
from domain.times import parse_instant
from projections.changes import Change
from tests.api.fakes import EVENT_ID
from tests.api.test_append import codes
from tests.json_feed import faults_of

AT_US = parse_instant("2024-10-05T12:00:00.25Z")
ITEM = b'{"claim_id":"some-claim","text":"Six <were> killed.","tags":["war"]}'
FIRST = Change(EVENT_ID, "some-claim", AT_US, "reported", False, None, None, ITEM)
SECOND = FIRST._replace(event_id=EVENT_ID[:-1] + "8", status="denied", contested=True, former_status="reported")
BARE = FIRST._replace(event_id=EVENT_ID[:-1] + "9", claim_id="bare", item=b'{"text":null,"tags":[]}')


def test_the_feed_is_a_json_feed_of_changes(client, world):
    world.views.changes = [SECOND, BARE, FIRST]
    response = client.get("/feed.json")
    assert response.headers["Content-Type"] == "application/feed+json"
    feed = response.json()
    assert faults_of(feed) == []
    assert (feed["home_page_url"], feed["feed_url"]) == ("http://ledger.example/", "http://ledger.example/feed.json")
    second, bare, first = feed["items"]
    assert second == {
        "id": f"urn:uuid:{SECOND.event_id}",
        "url": "http://ledger.example/claims/some-claim",
        "title": "Six <were> killed.",
        "content_text": "Denied, contested; before: Reported",
        "date_published": "2024-10-05T12:00:00.250000Z",
        "tags": ["war"],
    }
    assert first["content_text"] == "Reported; before: not on record"
    assert (bare["title"], "tags" in bare) == ("bare", False)


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        ({"version": "https://jsonfeed.org/version/2"}, "$.version: enum"),
        ({"version": "https://jsonfeed.org/version/1"}, "$.version: the latest"),
        ({"home_page_url": "/"}, "$.home_page_url: format"),
        ({"title": None}, "$.title: type"),
        ({"publisher": "us"}, "$: additionalProperties"),
        ({"items": [{"content_text": "no id"}]}, "$.items[0]: required"),
        ({"items": [{"id": "1"}]}, "$.items[0]: anyOf"),
        ({"items": [{"id": "1", "content_text": "", "date_published": "today"}]}, "$.items[0].date_published: format"),
        ({"items": [{"id": "1", "content_text": "twice"}] * 2}, "$.items: ids are unique"),
    ],
)
def test_the_schema_of_a_feed_finds_what_is_wrong(client, world, wrong, fault):
    world.views.changes = [FIRST]
    assert faults_of({**client.get("/feed.json").json(), **wrong}) == [fault]


def test_the_feed_is_the_publics_and_is_sent_again_only_when_it_changes(client, world):
    feed = client.get("/feed.json", key="editor")
    assert feed.headers["Cache-Control"] == "private, no-cache"
    assert client.get("/feed.json", headers={"If-None-Match": feed.headers["ETag"]}).status_code == 304
    world.views.changes = [FIRST]
    assert client.get("/feed.json", headers={"If-None-Match": feed.headers["ETag"]}).status_code == 200
    client.set_options(public_reads=False)
    assert codes(client.get("/feed.json")) == (401, "unauthorized")


def stand(world: Any, status: str, *, contested: bool = False, text: str | None = "Six were killed.") -> None:
    world.views.claim = {"text": text, "standing": {"status": status, "contested": contested}}


def texts_of(svg: bytes) -> list[str]:
    name = "{http://www.w3.org/2000/svg}"
    return [each.text or "" for each in ET.fromstring(svg).iter() if each.tag in (f"{name}title", f"{name}text")]


def test_a_badge_says_in_words_where_a_claim_stands(client, world):
    stand(world, "denied", contested=True, text="Six <b>were</b> & killed\x00\ufffe")
    response = client.get("/claims/some-claim/badge.svg")
    assert response.headers["Content-Type"] == "image/svg+xml"
    title = "On Record: Denied, contested. Six <b>were</b> & killed\ufffd\ufffd"
    assert texts_of(response.content) == [title, "On Record", "Denied, contested"]
    stand(world, "reported", text=None)
    assert texts_of(client.get("/claims/some-claim/badge.svg").content)[0] == "On Record: Reported. some-claim"


def test_every_status_has_a_sign_of_its_own(client, world):
    signs = set()
    for status in get_args(Status):
        stand(world, status)
        signs |= set(re.findall(r'<path d="([^"]+)"', client.get("/claims/some-claim/badge.svg").text))
    assert len(signs) == 8


def test_a_badge_works_in_pages_of_others_and_loads_nothing(client, world):
    stand(world, "confirmed")
    response = client.get("/claims/some-claim/badge.svg")
    assert response.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert response.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert response.headers["Cache-Control"] == "public, max-age=60"
    assert re.findall(r"href|url\(|<script|<style|@", response.text) == []
    again = client.get("/claims/some-claim/badge.svg", headers={"If-None-Match": response.headers["ETag"]})
    assert (again.status_code, again.headers["Cache-Control"]) == (304, "public, max-age=60")
    assert client.get("/claims/some-claim/badge.svg", key="editor").headers["Cache-Control"] == "private, max-age=60"


@pytest.mark.parametrize("claim_id", ["staff-claim", "none"])
def test_of_what_the_public_does_not_see_there_is_no_badge(client, claim_id):
    assert codes(client.get(f"/claims/{claim_id}/badge.svg", key="editor")) == (404, "not-found")

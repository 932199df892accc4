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

AT_US = parse_instant("2024-10-05T12:00:00.25Z")
ITEM = b'{"claim_id":"some-claim","text":"Six <were> killed.","tags":["war"]}'
FIRST = Change(EVENT_ID, "some-claim", AT_US, "reported", False, None, None, ITEM)
SECOND = FIRST._replace(event_id=EVENT_ID[:-1] + "8", status="denied", contested=True, former_status="reported")
BARE = FIRST._replace(event_id=EVENT_ID[:-1] + "9", claim_id="bare", item=b'{"text":null,"tags":[]}')
ABSOLUTE = re.compile(r"https?://[^/\s]+/\S*")
RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


def faults_of(feed: dict[str, Any]) -> list[str]:
    """Return what is wrong with a feed by the rules of JSON Feed 1.1, https://www.jsonfeed.org/version/1.1/."""
    checks = {
        "version": feed["version"] == "https://jsonfeed.org/version/1.1",
        "title": isinstance(feed["title"], str),
        "members": feed.keys() <= {*FEED_TEXTS, *FEED_ADDRESSES, "items", "authors", "expired", "hubs", "icon"},
        "texts": all(isinstance(feed[name], str) for name in FEED_TEXTS & feed.keys()),
        "addresses": all(ABSOLUTE.fullmatch(feed[name]) for name in FEED_ADDRESSES & feed.keys()),
        "items": isinstance(feed["items"], list),
        "ids": len({item["id"] for item in feed["items"]}) == len(feed["items"]),
    }
    faults = [name for name, is_right in checks.items() if not is_right]
    return faults + [fault for item in feed["items"] for fault in faults_of_item(item)]


FEED_TEXTS = {"version", "title", "description", "user_comment", "language"}
FEED_ADDRESSES = {"home_page_url", "feed_url", "next_url", "favicon"}
ITEM_TEXTS = {"id", "title", "content_text", "content_html", "summary", "language"}
ITEM_ADDRESSES = {"url", "external_url", "image", "banner_image"}
ITEM_DATES = {"date_published", "date_modified"}


def faults_of_item(item: dict[str, Any]) -> list[str]:
    checks = {
        "item id": bool(item["id"]),
        "item content": "content_text" in item or "content_html" in item,
        "item members": item.keys() <= {*ITEM_TEXTS, *ITEM_ADDRESSES, *ITEM_DATES, "authors", "tags", "attachments"},
        "item texts": all(isinstance(item[name], str) for name in ITEM_TEXTS & item.keys()),
        "item addresses": all(ABSOLUTE.fullmatch(item[name]) for name in ITEM_ADDRESSES & item.keys()),
        "item dates": all(RFC_3339.fullmatch(item[name]) for name in ITEM_DATES & item.keys()),
        "item tags": all(isinstance(tag, str) for tag in item.get("tags", [])),
    }
    return [name for name, is_right in checks.items() if not is_right]


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


def test_the_rules_of_a_feed_find_what_is_wrong(client, world):
    world.views.changes = [FIRST]
    feed = client.get("/feed.json").json()
    wrong = {**feed, "home_page_url": "/", "items": [{**feed["items"][0], "id": "", "date_published": "today"}]}
    assert faults_of(wrong) == ["addresses", "item id", "item dates"]


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

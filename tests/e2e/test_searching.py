"""The example story searched over a real socket, and what others embed of it."""

from typing import Any

import httpx
import pytest

from tests.e2e.service_process import ServiceProcess
from tests.json_feed import faults_of

SIX = "nk-six-officers-killed"


@pytest.fixture
def client(service: ServiceProcess):
    posted = service.command("demo", "--url", service.url, "--key", service.create_key("demo-desk", "editor"))
    assert posted.returncode == 0, posted.stderr
    with service.client() as client:
        client.get("/v1/summary", params={"min_position": 36}).raise_for_status()
        yield client


def ids_of(client: httpx.Client, **asked: Any) -> list[str]:
    return [claim["claim_id"] for claim in client.get("/v1/claims", params=asked).json()["claims"]]


def test_the_story_is_found_by_what_was_said_in_it(client):
    assert SIX in ids_of(client, q="officers killed")
    assert SIX in ids_of(client, q="Peskov")
    assert ids_of(client, similar_to="Six officers from North Korea were killed near Donetsk")[0] == SIX
    assert ids_of(client, q='"no such words"') == []
    pages = [client.get("/v1/claims", params={"q": "korea*", "limit": 1}).json()]
    while pages[-1]["next"]:
        asked = {"q": "korea*", "limit": 1, "cursor": pages[-1]["next"]}
        pages.append(client.get("/v1/claims", params=asked).json())
    assert [claim["claim_id"] for page in pages for claim in page["claims"]] == ids_of(client, q="korea*")
    assert len(pages) > 2


def test_the_sources_of_the_story_are_listed(client):
    sources = client.get("/v1/sources", params={"limit": 200}).json()["sources"]
    assert any(each["kind"] == "outlet" and each["name"] == "Kyiv Post" and each["reports"] for each in sources)
    assert any(each["name"] == "Dmitry Peskov" and each["denials"] for each in sources)
    statements = [each["reports"] + each["denials"] for each in sources]
    assert statements == sorted(statements, reverse=True)


def test_the_feed_and_the_badges_say_where_the_story_stands(client):
    feed = client.get("/feed.json").json()
    assert faults_of(feed) == []
    assert feed["items"][0]["url"].startswith(f"{str(client.base_url).rstrip('/')}/claims/")
    status = client.get(f"/v1/claims/{SIX}").json()["standing"]["status"]
    (newest, *_) = [item for item in feed["items"] if item["url"].endswith(SIX)]
    assert newest["content_text"].lower().startswith(status)
    assert status in client.get(f"/claims/{SIX}/badge.svg").text.lower()

"""A newcomer posts the example story, and everything stands as the article says."""

import hashlib
import json
import subprocess

import httpx
import jsonschema
import pytest

from tests.e2e.conftest import DATA, read_lines
from tests.e2e.service_process import ServiceProcess


@pytest.fixture
def story(service: ServiceProcess) -> ServiceProcess:
    posted = service.command("demo", "--url", service.url, "--key", service.create_key("demo-desk", "editor"))
    assert posted.returncode == 0, posted.stderr
    assert posted.stdout == "the example story: 36 events recorded, 0 known already, 0 refused\n"
    return service


def test_the_story_stands_as_expected_and_every_byte_can_be_checked(story):
    with story.client() as client:
        client.get("/v1/summary", params={"min_position": 36}).raise_for_status()
        check_standings(client)
        check_bytes(client)
        check_page(client)
        check_looking_back(client)
    again = story.command("demo", "--url", story.url, "--key", story.create_key("demo-desk", "editor"))
    assert again.stdout == "the example story: 0 events recorded, 36 known already, 0 refused\n"


def check_standings(client: httpx.Client) -> None:
    expected = {claim["claim_id"]: claim["now"] for claim in read_lines(DATA / "expected_seed.jsonl")}
    claims = client.get("/v1/claims", params={"limit": 200}).json()["claims"]
    assert {claim["claim_id"] for claim in claims} == expected.keys()
    for claim in claims:
        assert {**claim["standing"], "late_arrivals": 0} == {**expected[claim["claim_id"]], "late_arrivals": 0}
    summary = client.get("/v1/summary").json()
    assert (summary["statuses"]["confirmed"], summary["statuses"]["denied"], summary["contested"]) == (0, 3, 3)
    denied = client.get("/v1/claims", params={"status": "denied", "contested": "true"}).json()["claims"]
    assert len(denied) == 3


def check_bytes(client: httpx.Client) -> None:
    validator = jsonschema.Draft202012Validator(
        json.loads((DATA / "event.schema.json").read_text()), format_checker=jsonschema.FormatChecker()
    )
    records = client.get("/v1/events", params={"limit": 1000}).json()["events"]
    assert [record["position"] for record in records] == list(range(1, 37))
    for record in records:
        stored = client.get(f"/v1/events/{record['event']['event_id']}/bytes").content
        validator.validate(json.loads(stored))
        assert hashlib.sha256(stored).hexdigest() == record["event_sha256"]
    # Once by a program that nobody here wrote.
    stored = client.get(f"/v1/events/{records[0]['event']['event_id']}/bytes").content
    by_coreutils = subprocess.run(["sha256sum"], input=stored, capture_output=True, check=True).stdout.decode()
    assert by_coreutils.split()[0] == records[0]["event_sha256"]


def check_looking_back(client: httpx.Client) -> None:
    """As of the last position every claim reads as it does now, its links in both directions included."""
    claims = [
        client.get(f"/v1/claims/{listed['claim_id']}").json() for listed in client.get("/v1/claims").json()["claims"]
    ]
    assert {link["direction"] for claim in claims for link in claim["links"]} == {"in", "out"}
    for claim in claims:
        assert client.get(f"/v1/claims/{claim['claim_id']}", params={"position": 36}).json() == claim


def check_page(client: httpx.Client) -> None:
    page = client.get("/", headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert "Six North Korean officers" in page.text
    assert "contested" in page.text

"""Health, readiness, metrics, request ids, CORS."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from structlog.testing import capture_logs

from api.app import create_app
from tests.api.fakes import SMALLEST
from tests.api.test_append import codes


def test_health_is_told_to_everybody(client, world):
    world.health.reasons = ["the disk is full"]
    client.set_options(public_reads=False)
    response = client.get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})
    assert response.headers["Cache-Control"] == "no-store"


def test_a_service_that_can_append_is_ready(client):
    assert client.get("/readyz").json() == {"status": "ready"}


@pytest.mark.parametrize(
    ("host", "key", "is_told"),
    [
        ("192.0.2.1", None, False),
        ("192.0.2.1", "editor", False),
        ("192.0.2.1", "auditor", True),
        ("192.0.2.1", "admin", True),
        ("127.0.0.1", None, True),
        ("::1", None, True),
        ("a-name", None, False),
    ],
)
def test_why_it_is_not_ready_is_told_to_those_who_may_know(client, world, host, key, is_told):
    world.health.reasons = ["the disk is full"]
    response = client.get("/readyz", host=host, key=key)
    assert codes(response) == (503, "not-ready")
    assert response.headers["Retry-After"] == "5"
    assert response.json().get("reasons") == (["the disk is full"] if is_told else None)


@pytest.mark.parametrize(
    ("host", "key", "status"),
    [
        ("192.0.2.1", None, 401),
        ("192.0.2.1", "unknown", 401),
        ("192.0.2.1", "editor", 403),
        ("192.0.2.1", "auditor", 200),
        ("192.0.2.1", "admin", 200),
        ("127.0.0.1", None, 200),
        ("::1", None, 200),
    ],
)
def test_metrics_are_for_loopback_admins_and_auditors(client, host, key, status):
    response = client.get("/metrics", host=host, key=key)
    assert response.status_code == status
    assert response.headers["Cache-Control"] == "no-store"
    assert ("onrecord_" in response.text) is (status == 200)


def test_metrics_are_in_the_form_of_prometheus(client, world):
    response = client.get("/metrics", key="admin")
    assert response.headers["Content-Type"] == CONTENT_TYPE_PLAIN_0_0_4
    assert response.content == world.metrics.render()


@pytest.mark.parametrize(
    ("method", "url", "counted"),
    [
        ("GET", "/v1/claims/some-claim", ("GET", "/v1/claims/{claim_id}", 200)),
        ("HEAD", "/v1/claims/some-claim", ("HEAD", "/v1/claims/{claim_id}", 200)),
        ("GET", "/v1/claims/none", ("GET", "/v1/claims/{claim_id}", 404)),
        ("GET", "/v1/claims/broken", ("GET", "/v1/claims/{claim_id}", 500)),
        ("HEAD", "/v1/claims/broken", ("HEAD", "/v1/claims/{claim_id}", 500)),
        ("POST", "/v1/events", ("POST", "/v1/events", 401)),
        ("GET", "/a-thing-of-no-kind", ("GET", "none", 404)),
        ("DELETE", "/v1/claims/some-claim", ("other", "/v1/claims/{claim_id}", 405)),
        ("MADE-UP", "/a-thing-of-no-kind", ("other", "none", 404)),
    ],
)
def test_a_request_is_counted_once_by_what_no_client_can_make_up(client, world, method, url, counted):
    client.request(method, url)
    assert world.metrics.requests == [counted]


def test_what_is_refused_before_the_ledger_sees_it_is_counted(client, world):
    client.post(json={"type": "Nothing"})
    client.post(content=b"[{]", headers={"Content-Type": "application/json"})
    client.post_lines(b'{"type":"Nothing"}\n{\n')
    assert world.metrics.refusals == ["malformed", "not-json", "malformed", "not-json"]


def test_a_failure_of_the_service_is_logged_under_the_request_id_and_without_the_address(client, world):
    world.ledger.overloads = 1
    with capture_logs() as logs:
        response = client.post("/v1/claims/john-doe/events", json=SMALLEST)
    (line,) = logs
    assert (response.status_code, line["status"]) == (503, 503)
    assert line["request_id"] == response.headers["X-Request-Id"]
    assert line["route"] == "/v1/claims/{claim_id}/events"
    assert "john-doe" not in str(line)


def test_what_the_client_did_wrong_is_not_logged(client):
    with capture_logs() as logs:
        client.post(json={"type": "Nothing"})
        client.get("/nothing")
    assert logs == []


def test_a_bad_key_is_refused_where_none_is_needed(client):
    assert codes(client.get("/readyz", key="unknown")) == (401, "unauthorized")


@pytest.mark.parametrize("url", ["/healthz", "/nothing", "/v1/claims/broken", "/openapi.json"])
def test_every_answer_has_a_request_id_and_nosniff(client, url):
    response = client.get(url)
    assert response.headers["X-Request-Id"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(("given", "is_kept"), [("proxy-0001.a", True), ("short", False), ("x" * 65, False)])
def test_the_request_id_of_a_proxy_is_kept_if_it_is_harmless(client, given, is_kept):
    response = client.get("/healthz", headers={"X-Request-Id": given})
    assert (response.headers["X-Request-Id"] == given) is is_kept


def test_listed_origins_may_read_the_headers_that_matter(client):
    response = client.get("/v1/summary", headers={"Origin": "https://desk.example"})
    assert response.headers["Access-Control-Allow-Origin"] == "https://desk.example"
    exposed = response.headers["Access-Control-Expose-Headers"].split(", ")
    assert exposed == ["ETag", "Location", "Onrecord-Position", "Retry-After", "X-Request-Id"]
    assert "Origin" in response.headers["Vary"]


def test_other_origins_may_not(client):
    response = client.get("/v1/summary", headers={"Origin": "https://elsewhere.example"})
    assert "Access-Control-Allow-Origin" not in response.headers
    client.set_options(cors_origins=())
    response = client.get("/v1/summary", headers={"Origin": "https://desk.example"})
    assert [name for name in response.headers if name.startswith("access-control")] == []


def test_browsers_may_ask_before_they_append(client):
    response = client.request(
        "OPTIONS",
        "/v1/events",
        headers={
            "Origin": "https://desk.example",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization, content-type, if-match",
        },
    )
    assert response.status_code == 200
    assert response.headers["X-Request-Id"]


def test_what_starts_and_stops_the_ports_is_the_lifespan(world):
    seen = []

    @asynccontextmanager
    async def lifespan(app):
        seen.append(app.state.ports.ledger)
        yield
        seen.append("stopped")

    messages = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])

    async def receive():
        return next(messages)

    async def send(message):
        seen.append(message["type"])

    asyncio.run(create_app(world.ports(), lifespan)({"type": "lifespan"}, receive, send))
    assert seen == [world.ledger, "lifespan.startup.complete", "stopped", "lifespan.shutdown.complete"]

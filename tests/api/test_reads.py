"""What all reads have in common: who may, how fresh, and what a poller saves."""

import pytest

from api.ports import UnavailableError
from tests.api.fakes import EVENT_ID
from tests.api.test_append import codes

READS = [
    "/v1/claims",
    "/v1/claims/some-claim",
    "/v1/claims/some-claim/history",
    "/v1/events",
    f"/v1/events/{EVENT_ID}",
    f"/v1/events/{EVENT_ID}/bytes",
    "/v1/summary",
]
every_read = pytest.mark.parametrize("url", READS)


@every_read
def test_a_read_answers_with_its_headers(client, url):
    response = client.get(url)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Onrecord-Position"] == "7"
    assert response.headers["Cache-Control"] == "no-cache"
    assert response.headers["Vary"].startswith("Authorization, Accept")
    assert response.headers["X-Request-Id"]
    assert client.get(url, key="auditor").headers["Cache-Control"] == "private, no-cache"


@every_read
def test_what_the_reader_has_already_is_not_sent_again(client, url):
    etag = client.get(url).headers["ETag"]
    again = client.get(url, headers={"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")
    assert (again.headers["ETag"], again.headers["Onrecord-Position"]) == (etag, "7")
    assert "Vary" in again.headers
    assert "Content-Type" not in again.headers


@pytest.mark.parametrize(
    ("known", "status"),
    [("*", 304), ('W/"tag-of-claim"', 304), ('"a", W/"tag-of-claim"', 304), ('"a"', 200), ("tag-of-claim", 200)],
)
def test_if_none_match_is_compared_weakly(client, known, status):
    assert client.get("/v1/claims/some-claim", headers={"If-None-Match": known}).status_code == status


@every_read
def test_head_is_get_without_a_body(client, url):
    head, get = client.request("HEAD", url), client.get(url)
    assert (head.status_code, head.content) == (200, b"")
    assert (head.headers["ETag"], head.headers["Content-Length"]) == (get.headers["ETag"], str(len(get.content)))


@every_read
def test_unknown_parameters_are_refused(client, url):
    response = client.get(f"{url}?colour=red")
    assert codes(response) == (422, "bad-parameter")
    assert response.json()["errors"] == [{"parameter": "colour", "rule": "unknown", "detail": "no such parameter here"}]
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "query",
    [
        "audience=public&audience=staff",
        "audience=all",
        "min_position=-1",
        "min_position=1.0",
        "min_position=%201",
        "min_position=99999999999999999999",
        "min_position",
        "audience=%FF",
        "&".join(f"p{number}=1" for number in range(40)),
    ],
)
def test_parameters_of_a_wrong_form_are_refused(client, query):
    assert codes(client.get(f"/v1/summary?{query}")) == (422, "bad-parameter")


@every_read
def test_min_position_waits_for_the_read_models(client, world, url):
    assert client.get(f"{url}?min_position=7").status_code == 200
    assert world.views.asked[0] == (7, 5.0)
    late = client.get(f"{url}?min_position=8")
    assert codes(late) == (503, "not-yet-readable")
    assert late.headers["Retry-After"] == "1"


@every_read
def test_where_the_public_may_not_read_a_key_is_needed(client, url):
    client.set_options(public_reads=False)
    response = client.get(f"{url}?colour=red")
    assert codes(response) == (401, "unauthorized")
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert client.get(url, key="reporter").status_code == 200


@every_read
@pytest.mark.parametrize("said", ["Bearer unknown", "Bearer ", "Basic YTpi", "editor"])
def test_a_bad_key_is_refused_on_public_reads_too(client, url, said):
    assert codes(client.get(url, headers={"Authorization": said})) == (401, "unauthorized")


def test_the_scheme_of_a_key_may_be_written_in_any_case(client):
    assert client.get("/v1/claims/staff-claim", headers={"Authorization": "bEARER editor"}).status_code == 200


def test_what_one_may_not_read_is_not_found_in_the_same_words(client):
    hidden, missing = client.get("/v1/claims/staff-claim"), client.get("/v1/claims/other-claim")
    assert codes(hidden) == codes(missing) == (404, "not-found")
    assert hidden.text.replace("staff-claim", "other-claim") == missing.text


@pytest.mark.parametrize(
    ("key", "audience", "status"),
    [
        ("reporter", None, 200),
        ("reporter", "staff", 200),
        ("reporter", "desk", 200),
        ("reporter", "public", 404),
        (None, "desk", 404),
    ],
)
def test_the_audience_parameter_lowers_and_never_raises(client, key, audience, status):
    query = f"?audience={audience}" if audience else ""
    assert client.get(f"/v1/claims/staff-claim{query}", key=key).status_code == status


def test_an_error_that_nobody_foresaw_is_a_bare_500(client):
    response = client.get("/v1/claims/broken")
    assert codes(response) == (500, "internal-error")
    assert "foresaw" not in response.text
    assert response.headers["X-Request-Id"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("key", [None, "reporter", "editor", "auditor"])
@pytest.mark.parametrize("asked", ["", "?audience=desk", "?audience=staff", "?audience=public"])
def test_who_may_see_what_is_confidential_is_noted_before_the_answer(client, world, key, asked):
    client.get(f"/v1/claims/c%20ne{asked}", key=key)
    is_desk = key in ("editor", "auditor") and asked in ("", "?audience=desk")
    assert world.accesses.noted == ([(f"{key}-desk", 2, "/v1/claims/c%20ne")] if is_desk else [])


def test_who_can_not_be_noted_is_not_answered(client, world):
    world.accesses.failure = UnavailableError("away")
    assert client.get("/v1/summary", key="editor").status_code == 503
    assert client.get("/v1/summary", key="reporter").status_code == 200
    assert client.get("/v1/summary").status_code == 200

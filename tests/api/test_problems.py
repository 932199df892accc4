"""Every refusal has a kind of problem, and every kind a page."""

import re

import pytest

from api.problem_kinds import PROBLEM_KINDS
from api.problems import to_problem
from domain.errors import Refusal
from tests.api.test_append import codes


def refusals(kind=Refusal):
    for each in kind.__subclasses__():
        yield each
        yield from refusals(each)


def test_every_refusal_has_a_kind_of_problem():
    coded = {each.code for each in refusals() if "code" in vars(each)}
    assert coded | {"unavailable", "internal-error"} == set(PROBLEM_KINDS)


@pytest.mark.parametrize("code", PROBLEM_KINDS)
def test_every_kind_has_a_page_of_a_few_sentences(client, code):
    kind = PROBLEM_KINDS[code]
    response = client.get(f"/problems/{code}")
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert kind.title.replace("'", "&#39;") in response.text
    assert 2 <= len(re.findall(r"[.](?:\s|$)", f"{kind.cause} {kind.remedy}")) <= 5


def test_a_page_of_no_kind_is_not_found(client):
    assert codes(client.get("/problems/none")) == (404, "not-found")


def test_a_problem_has_the_members_of_rfc_9457(client):
    response = client.get("/v1/claims/none")
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.json() == {
        "type": "/problems/not-found",
        "title": "Not found",
        "status": 404,
        "detail": "there is no claim none",
    }


def test_an_unforeseen_error_gives_nothing_away():
    assert "secret" not in str(to_problem(RuntimeError("secret")))


@pytest.mark.parametrize("url", ["/nothing", "/v1", "/v1/claims/", "/v1/claims/a/b/c"])
def test_an_unknown_address_is_a_problem(client, url):
    assert codes(client.get(url)) == (404, "not-found")


@pytest.mark.parametrize(
    ("method", "url", "allowed"),
    [
        ("PUT", "/v1/events", "GET, HEAD, POST"),
        ("DELETE", "/v1/claims/some-claim", "GET, HEAD"),
        ("GET", "/v1/claims/some-claim/events", "POST"),
        ("HEAD", "/v1/claims/some-claim/events", "POST"),
        ("OPTIONS", "/v1/summary", "GET, HEAD"),
    ],
)
def test_another_method_is_a_problem_that_names_all_that_are_allowed(client, method, url, allowed):
    response = client.request(method, url)
    assert (response.status_code, response.headers["Allow"]) == (405, allowed)

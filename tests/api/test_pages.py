"""Pages for people: in words, escaped, and loading nothing from elsewhere."""

import re

import pytest

from api.ports import Place
from tests.api.test_append import codes

PAGES = ["/", "/docs", "/problems/malformed"]


def claim(claim_id, text, status, *, contested=False, **counts):
    kinds = ("reports", "denials", "assessments", "confirmations", "declined")
    standing = {"status": status, "contested": contested, "counts": dict.fromkeys(kinds, 0) | counts}
    return {"claim_id": claim_id, "text": text, "standing": standing, "updated_at": "2024-10-05T12:00:00Z"}


@pytest.mark.parametrize("url", PAGES)
def test_a_page_loads_nothing_from_elsewhere(client, url):
    response = client.get(url)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert response.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'")
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert re.findall(r'(?:src|href)="(?:https?:|//)|<script|style=', response.text) == []
    assert client.get("/assets/style.css").headers["Content-Type"] == "text/css; charset=utf-8"


def test_the_first_page_says_in_words_where_claims_stand(client, world):
    world.views.claims = [
        claim("some-claim", "Six were killed.", "denied", contested=True, reports=2, denials=1),
        claim("other-claim", None, "unreported"),
    ]
    text = client.get("/").text
    assert '<a href="/v1/claims/some-claim">Six were killed.</a>' in text
    assert '<strong>Denied</strong><span class="contested">, contested</span>' in text
    assert "2 reports, 1 denial, last changed 2024-10-05T12:00:00Z" in text
    assert '<a href="/v1/claims/other-claim">other-claim</a>' in text
    assert "2 claims, 3 events: 1 denied, 1 reported; 1 contested." in text
    assert "There are more" not in text


def test_the_first_page_says_that_there_are_more(client, world):
    world.views.next_place = Place(as_of=1, last=1)
    assert "There are more" in client.get("/").text


def test_texts_are_escaped(client, world):
    world.views.claims = [claim("some-claim", "<script>alert('x')</script> & \ud800", "reported")]
    text = client.get("/").text
    assert "<script>" not in text
    assert "&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt; &amp; ?" in text


def test_the_first_page_is_as_private_as_the_claims(client):
    first = client.get("/", key="editor")
    assert first.headers["Cache-Control"] == "private, no-cache"
    assert client.get("/", headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    client.set_options(public_reads=False)
    assert codes(client.get("/")) == (401, "unauthorized")


def test_an_empty_ledger_has_a_page_too(client, world):
    world.views.summary = {"claims": 0, "statuses": {}, "contested": 0, "events": 0}
    assert "0 claims, 0 events." in client.get("/").text


def test_the_docs_list_operations_parameters_and_problems(client):
    text = client.get("/docs").text
    assert "GET /v1/claims/{claim_id}</code>" in text
    assert "min_position" in text
    assert '<a href="/problems/malformed">' in text

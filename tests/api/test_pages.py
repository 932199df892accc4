"""Pages for people: in words, escaped, and loading nothing from elsewhere."""

import re

import pytest

from tests.api.test_append import codes

PAGES = ["/docs", "/problems/malformed"]


@pytest.mark.parametrize("url", PAGES)
def test_a_page_loads_nothing_from_elsewhere(client, url):
    response = client.get(url)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert response.headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'")
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert re.findall(r'(?:src|href)="(?:https?:|//)| style=| on[a-z]+=', response.text) == []


def test_a_page_finds_its_styles_and_scripts(client):
    html = client.get("/docs").text
    assert client.get("/assets/style.css").headers["Content-Type"] == "text/css; charset=utf-8"
    scripts = re.findall(r'<script type="module" src="(/assets/[a-z]+\.js)">', html)
    seen = set()
    while scripts:
        script = scripts.pop()
        response = client.get(script)
        assert (response.status_code, response.headers["Content-Type"]) == (200, "text/javascript; charset=utf-8")
        seen.add(script)
        imports = {f"/assets/{name}" for name in re.findall(r'from "\./([a-z]+\.js)"', response.text)}
        scripts += sorted(imports - seen)
    assert len(seen) > 5
    assert codes(client.get("/assets/none.css")) == (404, "not-found")
    assert codes(client.get("/assets/..%2frender.py")) == (404, "not-found")


def test_the_docs_list_operations_parameters_and_problems(client):
    text = client.get("/docs").text
    assert "GET /v1/claims/{claim_id}</code>" in text
    assert "min_position" in text
    assert '<a href="/problems/malformed">' in text


def test_people_get_a_page_and_programs_a_problem(client):
    page = client.get("/claims/none", headers={"Accept": "text/html,*/*"})
    assert (page.status_code, page.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "there is no claim none" in page.text
    assert codes(client.get("/claims/none")) == (404, "not-found")
    assert codes(client.get("/v1/claims/none", headers={"Accept": "text/html"})) == (404, "not-found")
    client.set_options(public_reads=False)
    refused = client.get("/", headers={"Accept": "text/html"})
    assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert "If you have a key, use it" in refused.text

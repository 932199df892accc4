"""Searching claims, and their sources, page by page."""

import pytest

from api.ports import ClaimFilter, PageWanted, Place
from domain.reader import NOW
from projections.sources import Place as SourcePlace
from projections.sources import Source
from tests.api.test_append import codes


def test_what_is_looked_for_is_ranked_unless_a_sort_is_asked_for(client, world):
    client.get("/v1/claims?q=six+officers&status=denied", key="editor")
    client.get("/v1/claims?q=six&sort=created")
    client.get("/v1/claims?similar_to=Six+officers+were+killed.&limit=5")
    assert [(which, wanted.sort) for which, _, _, wanted in world.views.asked] == [
        (ClaimFilter(q="six officers", status="denied"), "rank"),
        (ClaimFilter(q="six"), "created"),
        (ClaimFilter(similar_to="Six officers were killed."), "rank"),
    ]
    assert world.views.asked[0][1:3] == (2, NOW)


@pytest.mark.parametrize(
    ("query", "rule"),
    [
        ("q=six&position=3", "not_with_a_cut"),
        ("similar_to=six&known_at=2024-10-08T12:00:00Z", "not_with_a_cut"),
        ("q=six&similar_to=seven", "not_with_similar_to"),
        ("similar_to=six&sort=changed", "not_with_similar_to"),
        ("q=", "string_too_short"),
        (f"q={'x' * 201}", "string_too_long"),
        (f"similar_to={'x' * 2001}", "string_too_long"),
        ("q=six&sort=rank", "literal_error"),
    ],
)
def test_a_search_of_a_wrong_form_is_refused(client, query, rule):
    problem = client.get(f"/v1/claims?{query}")
    assert codes(problem) == (422, "bad-parameter")
    assert problem.json()["errors"][0]["rule"] == rule


def test_the_cursor_of_a_search_leads_to_its_next_page(client, world):
    world.views.next_place = Place(as_of=40, last=50)
    cursor = client.get("/v1/claims?q=six").json()["next"]
    assert client.get(f"/v1/claims?q=six&cursor={cursor}").status_code == 200
    assert world.views.asked[-1][3] == PageWanted(sort="rank", limit=50, after=world.views.next_place)
    assert codes(client.get(f"/v1/claims?q=seven&cursor={cursor}")) == (422, "bad-parameter")


POST = Source("outlet", "Kyiv Post", 3, 1, 2, 0)
DOTS = Source("speaker", "A. B. “Ü”", 1, 0, 0, 0)


def test_sources_are_listed_as_the_reader_sees_them(client, world):
    world.views.sources = [POST]
    response = client.get("/v1/sources", key="editor")
    assert response.json() == {"sources": [POST._asdict()], "next": None}
    assert world.views.asked == [(2, None, 50)]
    assert client.get("/v1/sources", headers={"If-None-Match": response.headers["ETag"]}).status_code == 304


def test_the_cursor_leads_to_the_next_sources(client, world):
    world.views.sources = [DOTS, POST]
    cursor = client.get("/v1/sources?limit=1").json()["next"]
    client.get(f"/v1/sources?limit=1&cursor={cursor}")
    assert world.views.asked[-1] == (0, SourcePlace(1, "A. B. “Ü”", "speaker"), 1)
    altered = cursor[:-1] + ("A" if cursor[-1] != "A" else "B")
    for query in (f"cursor={altered}", f"cursor={cursor}&audience=public", "cursor=x", "limit=201", "kind=outlet"):
        assert codes(client.get(f"/v1/sources?{query}")) == (422, "bad-parameter")

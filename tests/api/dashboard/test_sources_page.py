"""The page of the sources."""

import re

from projections.sources import Source
from tests.api.test_append import codes


def test_it_shows_what_each_source_said_and_how_it_turned_out(client, world):
    world.views.sources = [Source("outlet", "Kyiv <Post>", 1200, 3, 0, 1)]
    html = client.get("/sources").text
    assert '<a href="/?outlet=Kyiv%20%3CPost%3E" dir="auto">Kyiv &lt;Post&gt;</a>' in html
    assert re.findall(r'<td class="(.*?)">(.*?)</td>', html) == [
        ("figure", "1,200"),
        ("figure", "3"),
        ("figure none", "0"),
        ("figure", "1"),
    ]


def test_it_has_a_page_of_nobody_and_refuses_what_it_does_not_know(client, world):
    world.views.sources = []
    assert "Nobody has said anything yet." in client.get("/sources").text
    assert codes(client.get("/sources?colour=red")) == (422, "bad-parameter")
    client.set_options(public_reads=False)
    assert codes(client.get("/sources")) == (401, "unauthorized")

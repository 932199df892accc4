"""The front page: counts, what is contested first, filters, and pages that go on."""

import re
from itertools import count

import pytest

from tests.api.test_append import codes
from tests.domain.deciding import LATER, given
from tests.domain.saying import confirmed, denied, reported


def claims(*kinds):
    numbers = count(1)
    for index, kind in enumerate(kinds):
        first = reported(next(numbers), text=f"Claim number {index}.")
        more = {"reported": [], "denied": [denied(next(numbers))], "confirmed": [confirmed(next(numbers))]}
        yield given(first, *more[kind], claim_id=f"claim-{index}")


def listed(html, name):
    part = re.search(rf'aria-labelledby="{name}".*?</section>', html, re.DOTALL)
    return re.findall(r'data-claim="([^"]+)"', part[0]) if part else []


def test_it_counts_by_status_and_shows_the_contested_first(reader):
    reader.tell(*claims("reported", "denied", "confirmed", "reported"))
    html, text = reader.html("/"), reader.text("/")
    assert "4 claims" in text
    assert re.search(r"Reported 2 .*Denied 1 .*Confirmed 1 .*Refuted 0", text)
    assert "1 claim contested · 6 entries" in text
    assert listed(html, "contested-claims") == ["claim-1"]
    assert listed(html, "changed") == ["claim-3", "claim-2", "claim-1", "claim-0"]


def test_the_time_slider_begins_with_the_first_entry_that_the_reader_sees(reader):
    late = given(claim_id="late-claim")
    late.now = LATER
    late.post(reported(2))
    reader.tell(given(reported(1, classification="internal")), late)
    begins = [re.findall(r'id="slider".*data-first="(.*?)T', reader.html("/", key)) for key in (None, "editor")]
    assert begins == [["2024-11-01"], ["2024-10-05"]]


def test_filters_are_open_where_one_is_chosen_and_keep_the_instant(reader):
    reader.tell(*claims("reported"))
    assert "<details>" in reader.html("/?q=number")
    html = reader.html("/?status=denied&known_at=2024-10-20")
    assert "<details open>" in html
    assert 'href="/?contested=true&amp;known_at=2024-10-20"' in html.replace("&known_at", "&amp;known_at")


def test_a_filter_stands_in_the_form_and_narrows_the_list(reader):
    reader.tell(*claims("reported", "denied", "confirmed"))
    html = reader.html("/?status=denied&contested=&tag=&q=&known_at=")
    assert listed(html, "changed") == ["claim-1"]
    assert '<option value="denied" selected>' in html
    assert listed(html, "contested-claims") == []
    assert "No claim fits." in reader.text("/?status=refuted")


def test_a_long_list_goes_on_where_it_ended(reader):
    reader.tell(*claims(*["reported"] * 7))
    first = reader.html("/?limit=4")
    (more,) = re.findall(r'<a id="more" rel="next" href="([^"]+)"', first)
    second = reader.html(more.replace("&amp;", "&"))
    assert listed(first, "changed") + listed(second, "changed") == [f"claim-{n}" for n in range(6, -1, -1)]
    assert 'id="more"' not in second


def test_the_past_has_its_own_counts(reader):
    story = given(reported(1))
    story.now = LATER
    story.post(denied(2))
    reader.tell(story)
    then = reader.text("/?known_at=2024-10-20")
    assert "It shows what was on record at 2024-10-20" in then
    assert "Reported 1" in then
    assert "0 claims contested · 1 entry" in then


def test_an_empty_ledger_has_a_page_too(reader):
    text = reader.text("/")
    assert "0 claims" in text
    assert "There are no claims yet." in text
    assert "Nothing is recorded yet." in text


def test_it_is_as_private_as_the_claims(reader):
    first = reader.client.get("/", key="editor")
    assert first.headers["Cache-Control"] == "private, no-cache"
    assert reader.client.get("/", headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    reader.client.set_options(public_reads=False)
    assert codes(reader.client.get("/")) == (401, "unauthorized")


@pytest.mark.parametrize("bad", ["status=none", "contested=maybe", "cursor=x", "limit=0", "colour=red"])
def test_a_bad_filter_is_refused(reader, bad):
    assert codes(reader.client.get(f"/?{bad}")) == (422, "bad-parameter")


def test_what_was_found_is_marked(reader):
    reader.tell(*claims("reported"))
    reader.world.views.snippet = "Claim \ue000number\ue001 <0>."
    html = reader.html("/?q=number")
    assert '<p class="snippet" dir="auto">Claim <mark>number</mark> &lt;0&gt;.</p>' in html
    assert 'name="q" value="number"' in html

"""Full text: what finds a claim, in which order, and what is shown of it."""

import json
import sqlite3
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from projections import full_text, search
from projections.as_of import Page, Sort
from projections.standing import Filter
from tests.projections.ledger import Ledger, words_of
from tests.projections.searching import find, found, say
from tests.projections.story import Story

OFFICERS = "Six officers were killed near Donetsk."


@pytest.fixture(scope="module")
def ledger(on_engine: None) -> Ledger:  # noqa: ARG001  # made anew on each engine
    """Claims in many scripts, told apart by them alone."""
    story = Story()
    texts = {
        "officers": OFFICERS,
        "accents": "Zoë Ångström, the café’s naïve owner, paid 2,000 złoty.",
        "chinese": "六名朝鲜军官在顿涅茨克附近被打死",
        "japanese": "北朝鮮の将校6人が死亡した",
        "korean": "북한 장교 6명이 사망했다",
        "arabic": "قُتِلَ ستة ضباط كوريين شماليين",
        "hebrew": "שישה קצינים נהרגו",
        "thai": "เจ้าหน้าที่หกนายถูกสังหาร",
        "hindi": "छह अधिकारी मारे गए",
        "russian": "Шесть офицеров погибли",
        "greek": "Έξι αξιωματικοί σκοτώθηκαν",
    }
    for claim_id, text in texts.items():
        say(story, claim_id, text)
    return story.ledger.follow()


@pytest.mark.parametrize(
    ("query", "claim_id"),
    [
        ("officers", "officers"),
        ("OFFICERS six", "officers"),
        ('"officers were"', "officers"),
        ("donet*", "officers"),
        ("zoe angstrom naive", "accents"),
        ("cafés", None),
        ("café's owner", "accents"),
        ("CAFE’S", "accents"),
        ("2,000", "accents"),
        ('"naive owner paid"', "accents"),
        ("朝鲜军官", "chinese"),
        ("顿涅茨克", "chinese"),
        ("军官鲜", None),
        ("将校", "japanese"),
        ("死亡", "japanese"),
        ("が死亡", "japanese"),
        ("か死亡", None),
        ("장교", "korean"),
        ("사망*", "korean"),
        ("ضباط", "arabic"),
        ("قتل", "arabic"),
        ("קצינים", "hebrew"),
        ("หกนาย", "thai"),
        ("अधिकारी", "hindi"),
        ("ОФИЦЕРОВ", "russian"),
        ("εξι σκοτωθηκαν", "greek"),
        ('"were officers"', None),
        ("six donetsk nowhere", None),
        ("—", None),
    ],
)
def test_a_claim_is_found_by_its_words_in_any_script(ledger, query, claim_id):
    assert find(ledger, q=query) == ([claim_id] if claim_id else [])


@settings(max_examples=300)
@given(st.one_of(st.text(max_size=40), st.text(alphabet='ab*"()^:-+{}, \0.äNORAD', max_size=30)), st.booleans())
def test_whatever_is_typed_is_no_error(ledger, typed, is_near):
    for each in found(ledger, **{"similar_to" if is_near else "q": typed}):
        assert json.loads(each.item)["claim_id"]


@settings(max_examples=60)
@given(st.sampled_from(("officers", "accents", "chinese", "arabic", "thai", "hindi")), st.data())
def test_a_part_of_a_text_in_quotes_finds_it(ledger, claim_id, data):
    (text,) = [json.loads(each.item)["text"] for each in found(ledger, q="kyiv") if claim_id in each.item.decode()]
    words = text.split(" ")
    first = data.draw(st.integers(0, len(words) - 1))
    last = data.draw(st.integers(first, len(words) - 1))
    assert claim_id in find(ledger, q=f'"{" ".join(words[first : last + 1])}"')


def test_a_match_is_marked_where_it_stands(ledger):
    (officers,) = found(ledger, q='"officers were" near')
    assert officers.snippet == "Six \ue000officers were\ue001 killed \ue000near\ue001 Donetsk."
    (chinese,) = found(ledger, q="朝鲜军官")
    assert chinese.snippet == "六名\ue000朝鲜军官\ue001在顿涅茨克附近被打死"
    (speaker, *_) = found(ledger, q="kyiv post")
    assert "\ue000Kyiv\ue001 \ue000Post\ue001" in speaker.snippet


def test_what_anyone_said_about_a_claim_finds_it():
    story = Story()
    say(story, "claim", OFFICERS, {"wording": {"quote": "They fell"}, "publication": {"title": "Strike on base"}})
    anonymous = {"kind": "anonymous", "description": "a source in the ministry"}
    chain = [{"party": {"kind": "outlet", "name": "TASS"}}, {"party": anonymous}]
    story.post("ClaimDenied", {"speaker": anonymous, "attribution": chain, "note": "by telephone"}, "claim")
    story.post("ClaimAssessed", {"speaker": {"name": "ISW"}, "verdict": "true", "rationale": "geolocated"}, "claim")
    evidence = {"evidence_id": "photo-1", "kind": "image", "description": "crater"}
    story.post("EvidenceAttached", {"evidence": evidence, "bearing": "supports"}, "claim")
    ledger = story.ledger.follow()
    for query in ("fell", "strike base", "ministry", "tass", "telephone", "geolocated", "crater", '"they fell"'):
        assert find(ledger, q=query) == ["claim"], query
    for query in ("photo-1", "supports", "anonymous", "telephone crater"):
        assert find(ledger, q=query) == [], query


def test_the_text_of_a_claim_counts_more_than_what_is_said_about_it():
    story = Story()
    say(story, "beside", "Something else was seen.", {"note": "Six officers"})
    say(story, "about", "Six officers were seen.")
    say(story, "neither", "Nothing happened there.")
    ledger = story.ledger.follow()
    assert find(ledger, q="six officers") == ["about", "beside"]


def test_what_is_found_is_narrowed_like_any_list():
    story = Story()
    story.report("calm", tags=["war"])
    denied = story.report("denied", tags=["war"])
    story.deny("denied")
    story.report("other")
    ledger = story.ledger.follow()
    assert set(find(ledger, q="says")) == {"calm", "denied", "other"}
    assert find(ledger, q="says", status="denied") == ["denied"]
    assert find(ledger, q="says", contested=False, tag="war") == ["calm"]
    assert find(ledger, q="says", speaker="Moscow") == ["denied"]
    assert find(ledger, q="says", outlet="Kyiv Post") == []
    assert find(ledger, q="says", changed_after=2) == ["other", "denied"]
    assert find(ledger, q="says", sort="claim_id") == ["calm", "denied", "other"]
    assert find(ledger, q="says", sort="created") == ["other", "denied", "calm"]
    assert find(ledger, q="says", sort="changed") == ["other", "denied", "calm"]
    assert denied


def test_a_correction_is_found_beside_what_it_corrects():
    story = Story()
    report = say(story, "claim", "Sicks officers were killed.")
    story.correct(report, {"data": {"claim": {"text": OFFICERS}, "note": "spelling", "publication": None}}, "claim")
    ledger = story.ledger.follow()
    for query in ("sicks", '"six officers"', "spelling", "because"):
        assert find(ledger, q=query) == ["claim"], query


def test_what_is_retracted_is_still_found():
    story = Story()
    report = say(story, "claim", OFFICERS)
    story.retract(report, "claim")
    assert find(story.ledger.follow(), q="officers") == ["claim"]


def test_of_what_is_erased_nothing_is_left_in_the_index():
    story = Story()
    if not isinstance(story.ledger.connection, sqlite3.Connection):
        pytest.skip("PostgreSQL's files are VACUUM's to clean")
    story.ledger.connection.execute("PRAGMA secure_delete = ON")
    say(story, "claim", OFFICERS)
    secret = story.post("ClaimDenied", {"speaker": {"name": "Moscow"}, "note": "Zyzzyva Zyzzyva"}, "claim")
    connection = story.ledger.follow().connection
    assert b"zyzzyva" in connection.serialize().lower()
    story.erase(secret, "claim")
    assert find(story.ledger.follow(), q="zyzzyva") == []
    assert b"zyzzyva" not in connection.serialize().lower()
    assert find(story.ledger, q="officers") == ["claim"]


@pytest.mark.parametrize("batch_limit", [1, 1000])
def test_what_is_erased_in_the_batch_that_brought_it_is_not_indexed(batch_limit):
    story = Story()
    say(story, "claim", OFFICERS)
    secret = story.deny("claim", classification="internal")
    story.reclassify(secret, "claim", classification="confidential")
    story.erase(secret, "claim")
    ledger = story.ledger.follow(batch_limit=batch_limit)
    assert find(ledger, q="moscow") == []
    assert [words_of(ledger.connection, name) for name in ("staff_texts", "desk_texts")] != [[], []]  # the reasons


@pytest.mark.parametrize("batch_limit", [1, 1000])
def test_a_text_moves_to_those_who_may_read_it(batch_limit):
    story = Story()
    report = say(story, "claim", OFFICERS, classification="internal")
    story.reclassify(report, "claim", classification="confidential")
    ledger = story.ledger.follow(batch_limit=batch_limit)
    assert [find(ledger, audience, q="officers") for audience in (0, 1, 2)] == [[], [], ["claim"]]
    story.reclassify(report, "claim", classification="public")
    story.ledger.follow()
    assert [find(ledger, audience, q="officers") for audience in (0, 1, 2)] == [["claim"]] * 3


def read_pages(ledger: Ledger, position: int, sort: Sort, limit: int) -> list[Any]:
    """Return the places and claims of all pages that are read as of a position."""
    page = Page(position=position, sort=sort, after=None, limit=limit)
    claims: list[Any] = []
    while part := search.list_claims(ledger.connection, Filter(q="says"), 2, page):
        claims += [json.loads(each.item) for each in part]
        page = replace(page, after=len(claims) if sort == "rank" else part[-1].place)
    return claims


@pytest.mark.parametrize("sort", ["rank", "changed", "created", "claim_id"])
def test_later_pages_are_as_of_the_first_one(sort):
    story = Story()
    for number in range(5):
        story.report(f"claim-{number}")
    ledger = story.ledger.follow()
    before = read_pages(ledger, 5, sort, 5)
    story.report("later")
    story.deny("claim-3")
    ledger.follow()
    assert read_pages(ledger, 5, sort, 2) == before


def test_ranking_is_bounded_to_the_newest_texts(monkeypatch):
    monkeypatch.setattr(full_text, "MAX_RANKED", 3)
    story = Story()
    for number in range(6):
        story.report(f"claim-{number}")
    say(story, "rare", "What rare says is rare.")
    ledger = story.ledger.follow()
    assert set(find(ledger, q="says")) == {"claim-4", "claim-5", "rare"}
    assert find(ledger, similar_to="What rare says") == ["rare"]
    assert set(find(ledger, similar_to="What it says")) == {"claim-4", "claim-5", "rare"}

"""What is typed is taken apart into words, in any script."""

import pytest

from projections.terms import Term, list_words, read_terms, to_readable, to_searchable


@pytest.mark.parametrize(
    ("query", "terms"),
    [
        ("six officers", [Term("six"), Term("officers")]),
        ('"six officers" killed', [Term("six officers"), Term("killed")]),
        ("“six officers” «killed»", [Term("six officers"), Term("killed")]),
        ('"six officers', [Term("six officers")]),
        ('say "yes"no', [Term("say"), Term("yes"), Term("no")]),
        ("offi*", [Term("offi", is_prefix=True)]),
        ("of*", [Term("of")]),
        ('"offi*"', [Term("offi")]),
        ("AND OR NOT NEAR", [Term("AND"), Term("OR"), Term("NOT"), Term("NEAR")]),
        ("claim:six -seven ^eight", [Term("claim:six"), Term("-seven"), Term("^eight")]),
        ('— ... "" "!" * ( )', []),
        ("a\0b \ud800c", [Term("ab"), Term("c")]),
        ("", []),
    ],
)
def test_a_query_is_words_phrases_and_beginnings(query, terms):
    assert read_terms(query) == terms


@pytest.mark.parametrize(
    "text", ["plain", "Zoë’s “naïve” café", "朝鲜军官 killed", "ภาษาไทย", "한국어는", "हिन्दी", "がぎ", "Ёй"]
)
def test_what_is_searchable_looks_as_before(text):
    assert to_readable(to_searchable(text)) == text


def test_points_and_private_characters_are_left_out():
    assert to_searchable("كَتَبَ\ue000 \ue001שָׁלוֹם\0") == "كتب שלום"  # noqa: RUF001  # Hebrew


def test_a_text_without_spaces_is_taken_apart_in_pairs():
    assert list(list_words("朝鲜军")) == ["朝鲜", "鲜军"]
    assert list(list_words("在 Kyiv 军")) == ["在", "kyiv", "军"]


def test_words_are_the_same_in_all_of_their_forms():
    assert list(list_words("Zoë ZOE zoe\u0308, Six-six")) == ["zoe", "six"]
    assert list_words("—") == {}

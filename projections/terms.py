"""Texts and queries as words, in any script, with nothing in them that a database could take for syntax."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

BEGIN_MATCH, END_MATCH = "\ue000", "\ue001"
"""What stands around a match in a snippet: no text has them, for private characters are taken out of it."""

PREFIX_LETTERS = 3
"""How many letters stand before an asterisk at least: fewer begin too many words."""

# A zero width space: it ends a word, and nobody sees it.
_BREAK = "\u200b"
# Scripts that put no space between words: each letter is a word here, and a word a phrase. Thai and Lao,
# Burmese, Khmer, and what Chinese and Japanese are written in.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff]"
)
# Left out: what is private or half a character, and what Arabic and Hebrew may be written with or without.
_LEFT_OUT = re.compile(
    "[\x00\ud800-\udfff\ue000-\uf8ff\U000f0000-\U0010ffff"
    "\u0591-\u05bd\u05bf-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed]"
)
_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»″", '"'))
_PARTS = re.compile(r'"([^"]*)"?|([^\s"]+)')


SNIPPET_WORDS = 24

_ASCII_WORDS = re.compile("[A-Za-z0-9]+")
_SPACED = re.compile("[^ ]+")
_ACCENTS = re.compile("[\u0300-\u036f]")


class Word(NamedTuple):
    """A word without accents, in small letters, and where it stands in its text."""

    folded: str
    start: int
    end: int


class Term(NamedTuple):
    """Words that stand one after another; of a prefix the last one may go on."""

    text: str
    is_prefix: bool = False


def to_searchable(text: str) -> str:
    """Return a text whose words a database can tell apart; it looks as before.

    Accents stand apart from their letters: so those of any script can be passed over.
    """
    if text.isascii():
        return text.replace("\0", "")
    text = _LEFT_OUT.sub("", unicodedata.normalize("NFC", text))
    return unicodedata.normalize("NFD", _UNSPACED.sub(rf"{_BREAK}\g<0>{_BREAK}", text))


def to_readable(text: str) -> str:
    """Return a searchable text as people read it."""
    return unicodedata.normalize("NFC", text.replace(_BREAK, ""))


def read_terms(query: str) -> list[Term]:
    """Return what has to be in a text that is found: words, "phrases in quotes", and pref* for words that begin so.

    Nothing that is typed is wrong. What has no letter or digit is left out.
    """
    terms = []
    for phrase, word in _PARTS.findall(query.translate(_QUOTES)):
        text = to_searchable(phrase or word)
        is_prefix = word.endswith("*") and sum(map(str.isalnum, text)) >= PREFIX_LETTERS
        if _has_word(text):
            terms.append(Term(text.rstrip("*"), is_prefix))
    return terms


def list_words(text: str) -> dict[str, str]:
    """Return the words of a text as they stand in it, by what is the same in all of their forms.

    Where a script puts no space between words, each pair of letters is taken for one.
    """
    letters = (each if unicodedata.category(each)[0] in "LMN" else " " for each in to_searchable(text))
    found: dict[str, str] = {}
    was_paired = False
    for word, following in pairwise([*"".join(letters).split(), ""]):
        is_paired = bool(_UNSPACED.fullmatch(word) and _UNSPACED.fullmatch(following))
        if is_paired:
            found.setdefault(word + following, f"{word}{_BREAK}{following}")
        elif not was_paired:
            found.setdefault(_fold(word), word)
        was_paired = is_paired
    return found


def split_words(text: str) -> list[Word]:
    """Return the words of a searchable text, in order, as SQLite's FTS5 tells them apart."""
    if text.isascii():
        return [Word(match[0].lower(), *match.span()) for match in _ASCII_WORDS.finditer(text)]
    letters = "".join(each if unicodedata.category(each)[0] in "LMN" else " " for each in text)
    return [Word(_ACCENTS.sub("", match[0].casefold()), *match.span()) for match in _SPACED.finditer(letters)]


def mark(claim: str, words: str, terms: Iterable[Term], size: int) -> str:
    """Return the part of a claim, or else of what is said about it, that has most of the terms, with marks."""
    sought = [([word.folded for word in split_words(term.text)], term.is_prefix) for term in terms]
    for text in (claim, words):
        spans = _find(split_words(text), sought)
        if spans:
            return _cut(text, spans, size)
    return to_readable(claim)


def _find(words: Sequence[Word], sought: Iterable[tuple[list[str], bool]]) -> list[tuple[int, int]]:
    """Return where the sought phrases stand, each as its first word and the one after it."""
    found: dict[int, int] = {}
    for phrase, is_prefix in sought:
        size = len(phrase)
        for first in range(len(words) - size + 1):
            *others, last = [word.folded for word in words[first : first + size]]
            is_last = last.startswith(phrase[-1]) if is_prefix else last == phrase[-1]
            if is_last and others == phrase[:-1]:
                found[first] = max(found.get(first, 0), first + size)
    return sorted(found.items())


def _cut(text: str, spans: Sequence[tuple[int, int]], size: int) -> str:
    """Return as many words as fit around most of what was found, with marks."""
    words = split_words(text)
    starts = [max(min(first, len(words) - size), 0) for first, _ in spans]
    start = max(starts, key=lambda start: (sum(start <= first < start + size for first, _ in spans), -start))
    end = min(start + size, len(words))
    parts, done = ["…" if start else ""], words[start].start if start else 0
    for first, after in spans:
        if start <= first and after <= end and words[first].start >= done:
            begins, ends = words[first].start, words[after - 1].end
            parts += [text[done:begins], BEGIN_MATCH, text[begins:ends], END_MATCH]
            done = ends
    parts.append(text[done:] if end == len(words) else text[done : words[end - 1].end] + "…")
    return "".join(parts)


def _has_word(text: str) -> bool:
    return any(map(str.isalnum, text))


def _fold(word: str) -> str:
    parts = unicodedata.normalize("NFKD", word.casefold())
    return "".join(part for part in parts if not unicodedata.combining(part))

"""Full text on PostgreSQL: a `tsvector` of the words as we tell them apart, in a GIN index.

PostgreSQL's own parsers depend on the language, and keep addresses and hyphenated words together: what is found
would not be what SQLite finds. Its ranks weigh a text alone, whatever else there is.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

from projections.database import Connection
from projections.terms import SNIPPET_WORDS, Term, mark, split_words, to_readable

Row = tuple[int, str, str, str]

# What a tsvector can hold: the last place of a word, and the length of one (2 KiB, of four bytes a letter).
_LAST_PLACE = 16_383
_LONGEST = 500
# No phrase goes on from the claim to what is said about it.
_GAP = 8
_WORD = re.compile(r"'([^']+)'(:A|:\*)?")


class TsVector:
    """A table with a vector of its words for each table of texts: the claim's have weight A, all others D."""

    position = "position"
    # The text of a claim weighs four times the others; a long text less, by the logarithm of its length.
    score = "-ts_rank('{0.25, 0.25, 0.25, 1.0}', terms, sought.query, 1) - 1e-9"

    def define(self, name: str) -> Sequence[str]:
        """Return the statements that make a table, empty."""
        return (
            f"""
            CREATE TABLE {name} (
              position INTEGER PRIMARY KEY,
              claim_id TEXT NOT NULL,
              claim TEXT NOT NULL,
              words TEXT NOT NULL,
              terms tsvector NOT NULL
            )
            """,
            f"CREATE INDEX {name}_terms ON {name} USING gin (terms)",
        )

    def insert(self, connection: Connection, name: str, documents: Iterable[Row]) -> None:
        """Index texts."""
        connection.executemany(
            f"INSERT INTO {name} (position, claim_id, claim, words, terms) VALUES (?, ?, ?, ?, ?::tsvector)",
            [(*document, _vector(*document[2:])) for document in documents],
        )

    def purge(self, connection: Connection, name: str) -> None:
        """Do nothing: what is deleted is gone from queries, and from the files with the next VACUUM FULL."""

    def all_of(self, terms: Iterable[Term]) -> str:
        """Return the expression for texts that have all of these terms."""
        return " & ".join(filter(None, (_phrase(term.text, "*" * term.is_prefix) for term in terms)))

    def claim_with(self, word: str) -> str:
        """Return the expression for claims that have a word, or several in a row."""
        return _phrase(word, "A", "A")

    def any_of(self, expressions: Iterable[str]) -> str:
        """Return the expression for what one of these matches at least."""
        return " | ".join(expressions)

    def matching(self, name: str) -> str:
        """Return a table with the condition that a text matches the expression."""
        return f"{name}, (SELECT ?::tsquery AS query) AS sought WHERE terms @@ sought.query"

    def snippet(self, connection: Connection, name: str, expression: str, position: int) -> str:
        """Return the part of a text that has most of what was looked for, with marks around it."""
        claim, words, *_ = connection.execute(
            f"SELECT claim, words FROM {self.matching(name)} AND position = ?", (expression, position)
        ).fetchone()
        return to_readable(mark(claim, words, _phrases(expression), SNIPPET_WORDS))


def _vector(claim: str, words: str) -> str:
    claimed = split_words(claim)
    placed = [*enumerate(claimed, 1), *enumerate(split_words(words), len(claimed) + _GAP)]
    places: defaultdict[str, list[str]] = defaultdict(list)
    for number, (place, word) in enumerate(placed):
        weight = "A" if number < len(claimed) else ""
        places[_lexeme(word.folded)].append(f"{min(place, _LAST_PLACE)}{weight}")
    return " ".join(f"{word}:{','.join(at)}" for word, at in places.items())


def _phrase(text: str, of_last: str, of_all: str = "") -> str:
    words = [_lexeme(word.folded) for word in split_words(text)]
    suffixes = [of_all] * (len(words) - 1) + [of_last]
    return " <-> ".join(f"{word}:{suffix}" if suffix else word for word, suffix in zip(words, suffixes, strict=False))


def _lexeme(word: str) -> str:
    # A word is letters, digits and marks: there is nothing to escape.
    return f"'{word[:_LONGEST]}'"


def _phrases(expression: str) -> list[Term]:
    """Return what an expression looks for."""
    phrases = [_WORD.findall(phrase) for phrase in re.split(r" [&|] ", expression)]
    return [Term(" ".join(word for word, _ in phrase), phrase[-1][1] == ":*") for phrase in phrases]

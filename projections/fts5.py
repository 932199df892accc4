"""Full text on SQLite: its own index, FTS5, which ranks by BM25."""

from collections.abc import Iterable, Sequence

from projections.database import Connection
from projections.terms import BEGIN_MATCH, END_MATCH, SNIPPET_WORDS, Term, to_readable

Row = tuple[int, str, str, str]


class Fts5:
    """A virtual table for each table of texts. Accents do not count, and marks of vowels belong to the word."""

    position = "rowid"
    score = "rank"

    def define(self, name: str) -> Sequence[str]:
        """Return the statements that make a table; the text of a claim weighs four times the others."""
        return (
            f"""
            CREATE VIRTUAL TABLE {name} USING fts5 (
              claim_id UNINDEXED,
              claim,
              words,
              tokenize = "unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc'"
            )
            """,
            f"INSERT INTO {name} ({name}, rank) VALUES ('rank', 'bm25(0.0, 4.0, 1.0)')",
        )

    def insert(self, connection: Connection, name: str, documents: Iterable[Row]) -> None:
        """Index texts."""
        connection.executemany(f"INSERT INTO {name} (rowid, claim_id, claim, words) VALUES (?, ?, ?, ?)", documents)

    def purge(self, connection: Connection, name: str) -> None:
        """Leave nothing in an index of what was deleted."""
        # Until its segments are merged, an index only notes what has gone: this merges all of them, anew.
        connection.execute(f"INSERT INTO {name} ({name}) VALUES ('optimize')")

    def all_of(self, terms: Iterable[Term]) -> str:
        """Return the expression for texts that have all of these terms."""
        return " AND ".join(_quote(term.text) + "*" * term.is_prefix for term in terms)

    def claim_with(self, word: str) -> str:
        """Return the expression for claims that have a word, or several in a row."""
        return f"claim : {_quote(word)}"

    def any_of(self, expressions: Iterable[str]) -> str:
        """Return the expression for what one of these matches at least."""
        return " OR ".join(expressions)

    def matching(self, name: str) -> str:
        """Return a table with the condition that a text matches the expression."""
        return f"{name} WHERE {name} MATCH ?"

    def snippet(self, connection: Connection, name: str, expression: str, position: int) -> str:
        """Return the part of a text that has most of what was looked for, with marks around it."""
        (text,) = connection.execute(
            f"""
            SELECT snippet({name}, -1, '{BEGIN_MATCH}', '{END_MATCH}', '…', {SNIPPET_WORDS})
            FROM {self.matching(name)} AND rowid = ?
            """,
            (expression, position),
        ).fetchone()
        return to_readable(text)


def _quote(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'

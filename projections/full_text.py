"""The full-text index: a table of texts for each audience, in whichever way the database has to search them.

Each text is in the table of the first audience that sees it. A reader searches its own and those before it, so
that no rank tells of texts that it may not read.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from domain.audience import AUDIENCES
from projections.database import Connection, one_of
from projections.fts5 import Fts5
from projections.terms import Term
from projections.tsvector import TsVector

MAX_RANKED = 10_000
"""How many texts of one table are ranked at most, the newest: ranking costs as much as there are matches."""

_NAMES = {0: "public_texts", 1: "staff_texts", 2: "desk_texts"}


class Document(NamedTuple):
    """The text of one event: what it claims, and all else that it says."""

    position: int
    claim_id: str
    claim: str
    words: str


class Search(NamedTuple):
    """What is looked for in the table of one audience: in the texts after a position, and up to another."""

    audience: int
    expression: str
    after: int
    upto: int


class Engine(Protocol):
    """What each database does in its own way; `name` is a table's, and an expression what is looked for in it."""

    position: str
    """The column that has the position of a text."""

    score: str
    """What tells how good a match is: the least is the best, and below zero."""

    def define(self, name: str) -> Sequence[str]:
        """Return the statements that make a table, empty."""

    def insert(self, connection: Connection, name: str, documents: Iterable[Document]) -> None:
        """Index texts."""

    def purge(self, connection: Connection, name: str) -> None:
        """Leave nothing in an index of what was deleted."""

    def all_of(self, terms: Iterable[Term]) -> str:
        """Return the expression for texts that have all of these terms; empty where that is none."""

    def claim_with(self, word: str) -> str:
        """Return the expression for claims that have a word, or several in a row."""

    def any_of(self, expressions: Iterable[str]) -> str:
        """Return the expression for what one of these matches at least."""

    def matching(self, name: str) -> str:
        """Return a table with the condition that a text matches the expression, as FROM has it."""

    def snippet(self, connection: Connection, name: str, expression: str, position: int) -> str:
        """Return the part of a text that has most of what was looked for, with marks around it."""


_ENGINES: dict[str, Engine] = {"sqlite": Fts5(), "postgres": TsVector()}


def create_index(connection: Connection) -> None:
    """Make the tables, empty."""
    for statement in statements(_engine(connection)):
        connection.execute(statement)


def statements(engine: Engine | None = None) -> list[str]:
    """Return the statements that make the tables, of one engine or of all."""
    engines = _ENGINES.values() if engine is None else [engine]
    return [statement for each in engines for name in _NAMES.values() for statement in each.define(name)]


def add_documents(connection: Connection, documents: Mapping[int, Iterable[Document]]) -> None:
    """Index texts, by the first audience that sees them."""
    for audience, added in documents.items():
        # In the order of their positions: going back would cost FTS5 a segment of its own each time.
        _engine(connection).insert(connection, _NAMES[audience], sorted(added))


def take_documents(connection: Connection, positions: Sequence[int]) -> list[Document]:
    """Take the texts of events out of the index, wherever they are, and return them."""
    taken = []
    for audience in AUDIENCES if positions else ():
        found = _read(connection, _NAMES[audience], positions)
        _delete(connection, _NAMES[audience], found)
        taken += found
    return taken


def purge_documents(connection: Connection, positions: Sequence[int]) -> None:
    """Destroy the texts of events: nothing of them is left in the index, unlike what is merely taken out."""
    for audience in AUDIENCES if positions else ():
        found = _read(connection, _NAMES[audience], positions)
        if found:
            _delete(connection, _NAMES[audience], found)
            _engine(connection).purge(connection, _NAMES[audience])


def search_all(connection: Connection, audience: int, terms: Iterable[Term], upto: int) -> list[Search]:
    """Return how to look for the texts with all of these terms, for what an audience sees up to a position."""
    expression = _engine(connection).all_of(terms)
    return [_bounded(connection, each, expression, upto) for each in range(audience + 1)] if expression else []


def search_any(connection: Connection, audience: int, words: Sequence[str], upto: int) -> list[Search]:
    """Return how to look for the claims with any of these words, as far as they are rare enough to tell something."""
    engine = _engine(connection)
    expressions = [expression for word in words if (expression := engine.claim_with(word))]
    searches = []
    for each in range(audience + 1):
        rare = _rarest(connection, each, expressions)
        if rare:
            searches.append(_bounded(connection, each, engine.any_of(rare), upto))
    return searches


def matches_sql(connection: Connection, searches: Sequence[Search]) -> tuple[str, list[Any]]:  # Any: as in a query
    """Return the query for what is found (claim_id, position, audience, score: the least is best), with parameters."""
    engine = _engine(connection)
    selects = [
        f"""
        SELECT claim_id, {engine.position} AS position, {audience} AS audience, {engine.score} AS score
        FROM {engine.matching(_NAMES[audience])} AND {engine.position} > ? AND {engine.position} <= ?
        """
        for audience, *_ in searches
    ]
    return " UNION ALL ".join(selects), [each for _, *parameters in searches for each in parameters]


def get_snippet(connection: Connection, search: Search, position: int) -> str:
    """Return the part of a text that has most of what was looked for, with marks around it."""
    return _engine(connection).snippet(connection, _NAMES[search.audience], search.expression, position)


def _engine(connection: Connection) -> Engine:
    return _ENGINES[getattr(connection, "engine", "sqlite")]


def _bounded(connection: Connection, audience: int, expression: str, upto: int) -> Search:
    engine = _engine(connection)
    row = connection.execute(
        f"""
        SELECT {engine.position}
        FROM {engine.matching(_NAMES[audience])} AND {engine.position} <= ?
        ORDER BY {engine.position} DESC
        LIMIT 1 OFFSET ?
        """,
        (expression, upto, MAX_RANKED),
    ).fetchone()
    return Search(audience, expression, 0 if row is None else row[0], upto)


def _rarest(connection: Connection, audience: int, expressions: Iterable[str]) -> list[str]:
    """Return the expressions that match fewest texts, as many as may be ranked between them, but one at least."""
    counted = [(_count(connection, audience, expression), expression) for expression in expressions]
    rarest: list[str] = []
    total = 0
    for count, expression in sorted(counted):
        total += count
        if count and (total <= MAX_RANKED or not rarest):
            rarest.append(expression)
    return rarest


def _count(connection: Connection, audience: int, expression: str) -> int:
    matching = _engine(connection).matching(_NAMES[audience])
    (count,) = connection.execute(
        f"SELECT COUNT(*) FROM (SELECT 1 FROM {matching} LIMIT ?) AS counted", (expression, MAX_RANKED)
    ).fetchone()
    return int(count)


def _read(connection: Connection, name: str, positions: Sequence[int]) -> list[Document]:
    column = _engine(connection).position
    marks, parameters = one_of(positions)
    rows = connection.execute(
        f"SELECT {column}, claim_id, claim, words FROM {name} WHERE {column} IN ({marks})", parameters
    ).fetchall()
    return [Document(*row) for row in rows]


def _delete(connection: Connection, name: str, documents: Iterable[Document]) -> None:
    column = _engine(connection).position
    connection.executemany(f"DELETE FROM {name} WHERE {column} = ?", [(each.position,) for each in documents])

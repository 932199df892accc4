"""Full text: what events say, indexed for the audience that sees it first, and the claims that are found by it.

A text stays when its event is retracted or corrected, as it does in the history; a correction has a text of its own.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from types import NoneType
from typing import Any, NamedTuple

from domain.content import Said
from domain.events import Event, EventCorrected, EventErased, Tombstone
from projections import full_text
from projections.as_of import Page, item_at
from projections.batch import Batch
from projections.database import Connection
from projections.full_text import Document, Search
from projections.standing import Filter, name_conditions
from projections.terms import list_words, read_terms, to_searchable
from projections.timeline import OPEN

TABLES = ()
"""None that are the same on every engine: `full_text` makes them."""

# The members that hold what people wrote or are called; ids, addresses and what is chosen from a list are no texts.
_TEXTS = frozenset({"note", "paraphrase", "provenance_note", "quote", "rationale", "reason", "scope_note"}) | frozenset(
    {
        "asked_by",
        "credit",
        "description",
        "location",
        "method",
        "name",
        "organisation",
        "outlet",
        "role",
        "term",
        "title",
    }
)
_LABELS = frozenset({"entities", "tags", "topics"})
_NOT_SAID = frozenset({"import", "import_"})
_WORDLESS = frozenset({NoneType, bool, int, float})
_LISTS = frozenset({tuple, list})
# Told apart in snippets, and part of no word.
_BETWEEN = " · "

MAX_WORDS = 64
"""How many words of a text count where claims near to it are looked for."""

_NEAR = 0.5
"""Which share of its words the shorter of two texts has in common with the other one, at least, where they are near."""

_CANDIDATES = 4

# Of each order: the place in it, what it sorts by, and how the rows after a place compare with it. Ranks change as
# texts are added: the best are counted, not compared.
_ORDERS = {
    "rank": ("0", "b.score DESC, b.position DESC", ""),
    "changed": ("t.position", "t.position DESC", "t.position < ?"),
    "created": ("t.created_position", "t.created_position DESC", "t.created_position < ?"),
    "claim_id": ("t.claim_id", "t.claim_id", "t.claim_id > ?"),
}


class Found(NamedTuple):
    """A claim that was found, its place in the order of the list, and where what was looked for stands."""

    place: int | str
    item: bytes
    snippet: str


def apply(connection: Connection, batch: Batch) -> None:
    """Index the texts of new events; move those that others see from now on, and destroy those that are erased."""
    erased = {
        batch.folds[event.claim_id or ""].fact_of(event.data.target_event_id).position
        for event in (entry.event for entry in batch.entries)
        if isinstance(event, EventErased)
    }
    audiences = {move.position: move.after for move in batch.moves}
    documents: defaultdict[int, list[Document]] = defaultdict(list)
    for entry in batch.entries:
        after = audiences.pop(entry.position, entry.audience)
        if entry.position not in erased and (document := _document(entry.position, entry.event)):
            documents[after].append(document)
    full_text.purge_documents(connection, sorted(erased))
    for document in full_text.take_documents(connection, sorted(audiences)):
        documents[audiences[document.position]].append(document)
    full_text.add_documents(connection, documents)


def list_claims(connection: Connection, which: Filter, audience: int, page: Page) -> list[Found]:
    """Return the claims in which something is found, as they stood at the page's position, in its order.

    The best comes first, or they are in any order of lists. A claim is as good as its best text; where a reader
    sees several tables, each text is measured by the best one of its own. Of a query's texts the newest
    MAX_RANKED of each table count; of claims that are near to a text there is one page.
    """
    if which.similar_to is not None:
        return _list_near(connection, which, audience, page)
    searches = full_text.search_all(connection, audience, read_terms(which.q or ""), page.position)
    return _list_found(connection, searches, which, audience, page)


def _list_near(connection: Connection, which: Filter, audience: int, page: Page) -> list[Found]:
    words = list_words(which.similar_to or "")
    rarest = list(words.values())[:MAX_WORDS]
    searches = full_text.search_any(connection, audience, rarest, page.position)
    candidates = replace(page, limit=_CANDIDATES * page.limit)
    found = _list_found(connection, searches, which, audience, candidates)
    return [each for each in found if _is_near(words.keys(), each.item)][: page.limit]


def _is_near(words: Collection[str], item: bytes) -> bool:
    others = list_words(json.loads(item)["text"] or "")
    shorter = min(len(words), len(others))
    return sum(word in others for word in words) >= max(_NEAR * shorter, 1)


def _list_found(
    connection: Connection, searches: Sequence[Search], which: Filter, audience: int, page: Page
) -> list[Found]:
    if not searches:
        return []
    sql, parameters = _list_query(full_text.matches_sql(connection, searches), which, audience, page)
    by_audience = {search.audience: search for search in searches}
    found = []
    for place, claim_id, until, item, position, text_audience in connection.execute(sql, parameters).fetchall():
        shown = item if until == OPEN else item_at(connection, claim_id, audience, page.position)
        snippet = full_text.get_snippet(connection, by_audience[text_audience], position)
        found.append(Found(place, shown, snippet))
    return found


def _list_query(
    matches_sql: tuple[str, Sequence[Any]], which: Filter, audience: int, page: Page
) -> tuple[str, Sequence[Any]]:  # Any: parameters of whichever type
    matches, parameters = matches_sql
    place, order, comparison = _ORDERS[page.sort]
    conditions = _conditions(which, audience)
    skipped: int | str = 0
    if page.after is not None and comparison:
        conditions[comparison] = page.after
    elif page.after is not None:
        skipped = page.after
    # Of the readings of a claim the audience's own is the last that begins with it or before it.
    sql = f"""
        WITH matches AS MATERIALIZED ({matches}),
        scored AS (
          SELECT claim_id, position, audience, score / MIN(score) OVER (PARTITION BY audience) AS score FROM matches
        ),
        ranked AS (
          SELECT *, ROW_NUMBER() OVER (PARTITION BY claim_id ORDER BY score DESC, position DESC) AS number FROM scored
        )
        SELECT {place}, t.claim_id, t.until_position, c.item, b.position, b.audience
        FROM ranked b
        CROSS JOIN timeline t
          ON t.claim_id = b.claim_id
          AND t.first_audience = (
            SELECT MAX(r.first_audience) FROM timeline r WHERE r.claim_id = b.claim_id AND r.first_audience <= ?
          )
          AND t.position = (
            SELECT MAX(v.position)
            FROM timeline v
            WHERE v.claim_id = b.claim_id AND v.first_audience = t.first_audience AND v.position <= ?
          )
        LEFT JOIN claims c ON c.claim_id = t.claim_id AND c.first_audience <= ? AND c.last_audience >= ?
        WHERE b.number = 1 {"".join(f" AND {condition}" for condition in conditions)}
        ORDER BY {order}
        LIMIT ? OFFSET ?
    """
    readers = (audience, page.position, audience, audience)
    return sql, (*parameters, *readers, *conditions.values(), page.limit, skipped)


def _conditions(which: Filter, audience: int) -> dict[str, Any]:  # Any: parameters of whichever type
    conditions = name_conditions(which, "t", audience)
    if which.status is not None:
        conditions["t.status = ?"] = which.status
    if which.contested is not None:
        conditions["t.contested = ?"] = which.contested
    if which.changed_after is not None:
        conditions["t.position > ?"] = which.changed_after
    if which.tag is not None:
        tagged = "g.claim_id = t.claim_id AND g.first_audience = t.first_audience AND g.position = t.position"
        conditions[f"EXISTS (SELECT 1 FROM timeline_tags g WHERE {tagged} AND g.tag = ?)"] = which.tag
    return conditions


def _document(position: int, event: Event | Tombstone) -> Document | None:
    """Return the text of an event, None where there is none."""
    if isinstance(event, Tombstone):
        return None
    claim = _claim_text(event)
    texts: dict[str, None] = {}
    _gather(event.data, texts)
    texts.pop(claim, None)  # a report that quotes nothing repeats it
    words = _BETWEEN.join(texts)
    if not claim and not words:
        return None
    return Document(position, event.claim_id or "", to_searchable(claim), to_searchable(words))


def _claim_text(event: Event) -> str:
    if isinstance(event.data, Said):
        return event.data.claim.text if event.data.claim else ""
    said: Any = event.data.patch if isinstance(event, EventCorrected) else None  # Any: JSON of whatever shape
    for name in ("data", "claim", "text"):
        said = said.get(name) if isinstance(said, dict) else None
    return said if isinstance(said, str) else ""


def _gather(value: Any, texts: dict[str, None]) -> None:  # Any: a Value, or JSON of whatever shape
    """Add what people wrote or are called, however deep it stands, once each in the order in which it stands.

    By the exact types that values have: to ask a model whether something is one takes ten times as long.
    """
    for name, member in (value if type(value) is dict else value.__dict__).items():
        kind = type(member)
        if kind is str:
            if name in _TEXTS:
                texts[member] = None
        elif kind not in _WORDLESS and name not in _NOT_SAID:
            if kind in _LISTS:
                _gather_list(name, member, texts)
            else:
                _gather(member, texts)


def _gather_list(name: str, members: Iterable[Any], texts: dict[str, None]) -> None:  # Any: as above
    for member in members:
        kind = type(member)
        if kind is str:
            if name in _LABELS:
                texts[member] = None
        elif kind not in _WORDLESS and kind not in _LISTS:
            _gather(member, texts)

"""Where each claim stands now: one row for each different reading of it, with its JSON ready to send."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, NamedTuple

from projections.batch import Batch
from projections.database import Connection, one_of
from projections.links import ends_of, links_json, note_links, replace_links
from projections.rendering import entity_tag, render_item, with_links
from projections.spans import Span, spans_of

TABLES = (
    """
    CREATE TABLE claims (
      claim_id TEXT NOT NULL,
      first_audience INTEGER NOT NULL,
      last_audience INTEGER NOT NULL,
      position INTEGER NOT NULL,
      status TEXT NOT NULL,
      contested INTEGER NOT NULL,
      item BLOB NOT NULL,
      links BLOB NOT NULL,
      etag TEXT NOT NULL,
      PRIMARY KEY (claim_id, first_audience)
    ) STRICT
    """,
    """
    CREATE TABLE claim_tags (
      claim_id TEXT NOT NULL,
      first_audience INTEGER NOT NULL,
      last_audience INTEGER NOT NULL,
      position INTEGER NOT NULL,
      tag TEXT NOT NULL,
      PRIMARY KEY (claim_id, first_audience, tag)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE status_counts (
      audience INTEGER NOT NULL,
      status TEXT NOT NULL,
      contested INTEGER NOT NULL,
      claims INTEGER NOT NULL,
      PRIMARY KEY (audience, status, contested)
    ) STRICT, WITHOUT ROWID
    """,
)

INDEXES = (
    "CREATE INDEX claims_changed ON claims (position)",
    "CREATE INDEX claims_by_status ON claims (status, position)",
    "CREATE INDEX claims_by_contested ON claims (contested, position)",
    "CREATE INDEX claim_tags_by_tag ON claim_tags (tag, position, last_audience)",
)

_NO_LINKS = b"[]"
Counts = Counter[tuple[int, str, bool]]
Readings = Mapping[str, Sequence[Span]]


@dataclass(frozen=True, slots=True)
class ClaimRow:
    """A claim as one audience reads it: its JSON without links, its links, and the tag of both."""

    item: bytes
    links: bytes
    etag: str

    @property
    def body(self) -> bytes:
        """The claim's JSON, links included."""
        return with_links(self.item, self.links)


class _Row(NamedTuple):
    position: int
    status: str
    contested: bool
    item: bytes
    links: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which claims to list; None lets everything pass."""

    status: str | None = None
    contested: bool | None = None
    tag: str | None = None
    speaker: str | None = None
    outlet: str | None = None
    changed_after: int | None = None
    q: str | None = None
    similar_to: str | None = None


def name_conditions(which: Filter, of: str, audience: int) -> dict[str, Any]:  # Any: as in a query
    """Return the conditions that narrow rows with a claim id to those of a speaker and an outlet, with parameters."""
    return {
        f"""
        {of}.claim_id IN (
          SELECT n.claim_id
          FROM claim_names n
          WHERE n.kind = '{kind}' AND {audience} BETWEEN n.first_audience AND n.last_audience AND n.name = ?
        )
        """: name
        for kind, name in (("speaker", which.speaker), ("outlet", which.outlet))
        if name is not None
    }


def apply(connection: Connection, batch: Batch) -> None:
    """Bring the standings up to date, and the links of the claims beside them."""
    note_links(connection, batch.entries)
    linked = ends_of(connection, batch.folds)
    readings = {claim_id: list(spans_of(fold)) for claim_id, fold in batch.folds.items()}
    _replace_rows(connection, readings)
    _replace_tags(connection, readings)
    links = {claim_id: spans for claim_id, spans in readings.items() if any(span.reading.links for span in spans)}
    replace_links(connection, linked & readings.keys(), links)
    # Once every claim stands as it does now: whether a link is shown depends on the claim at its other end.
    for claim_id in sorted(linked | ends_of(connection, links)):
        _refresh_links(connection, claim_id)


def get_claim(connection: Connection, claim_id: str, audience: int) -> ClaimRow | None:
    """Return a claim as an audience reads it, None where it sees none."""
    row = connection.execute(
        """
        SELECT item, links, etag
        FROM claims
        WHERE claim_id = ? AND first_audience <= ? AND last_audience >= ?
        """,
        (claim_id, audience, audience),
    ).fetchone()
    return None if row is None else ClaimRow(*row)


def list_claims(connection: Connection, which: Filter, audience: int, limit: int) -> list[tuple[int, str, bytes]]:
    """Return (position, claim id, item) of claims as they stand now, those that changed last first."""
    sql, parameters = _list_query(which, audience)
    return connection.execute(sql, (*parameters, limit)).fetchall()


def count_claims(connection: Connection, audience: int) -> Counter[tuple[str, bool]]:
    """Return how many claims an audience sees stand how (status, contested)."""
    rows = connection.execute(
        "SELECT status, contested, claims FROM status_counts WHERE audience = ?", (audience,)
    ).fetchall()
    return Counter({(status, bool(contested)): claims for status, contested, claims in rows})


def _list_query(which: Filter, audience: int) -> tuple[str, Sequence[Any]]:  # Any: parameters of whichever type
    """Return the query whose index has the claims of the filter in the order of their positions."""
    conditions: dict[str, Any] = {"c.first_audience <= ?": audience, "c.last_audience >= ?": audience}
    source, place = "claims c", "c.position"
    if which.tag is not None:
        source, place = "claim_tags t CROSS JOIN claims c ON c.claim_id = t.claim_id", "t.position"
        conditions |= {"t.tag = ?": which.tag, "t.first_audience <= ?": audience, "t.last_audience >= ?": audience}
    if which.status is not None:
        conditions["c.status = ?"] = which.status
    if which.contested is not None:
        conditions["c.contested = ?"] = which.contested
    if which.changed_after is not None:
        conditions[f"{place} > ?"] = which.changed_after
    conditions |= name_conditions(which, "c", audience)
    sql = f"""
        SELECT {place}, c.claim_id, c.item
        FROM {source}
        WHERE {" AND ".join(conditions)}
        ORDER BY {place} DESC
        LIMIT ?
    """
    return sql, list(conditions.values())


def _rows_of(claim_id: str, spans: Iterable[Span], old: Mapping[int, _Row]) -> dict[int, _Row]:
    """Return what each audience reads; the links are the old ones until it is known who sees which."""
    rows = {}
    for span in spans:
        reading, standing = span.reading, span.reading.standing
        item = render_item(claim_id, reading)
        row = _Row(reading.position, standing["status"], standing["contested"], item, _NO_LINKS)
        for audience in range(span.first, span.last + 1):
            held = old.get(audience)
            rows[audience] = row if held is None or held.links == _NO_LINKS else row._replace(links=held.links)
    return rows


def _read_rows(connection: Connection, claim_ids: Sequence[str]) -> dict[str, dict[int, _Row]]:
    """Return what each audience reads of these claims, by their ids."""
    marks, parameters = one_of(claim_ids)
    found = connection.execute(
        f"""
        SELECT claim_id, first_audience, last_audience, position, status, contested, item, links
        FROM claims
        WHERE claim_id IN ({marks})
        ORDER BY claim_id, first_audience
        """,
        parameters,
    ).fetchall()
    rows: dict[str, dict[int, _Row]] = {claim_id: {} for claim_id in claim_ids}
    for claim_id, first, last, position, status, contested, item, links in found:
        row = _Row(position, status, bool(contested), item, links)
        rows[claim_id].update(dict.fromkeys(range(first, last + 1), row))
    return rows


def _replace_rows(connection: Connection, readings: Readings) -> None:
    counts: Counts = Counter()
    changes = []
    for claim_id, old in _read_rows(connection, list(readings)).items():
        rows = _rows_of(claim_id, readings[claim_id], old)
        for audience, row in old.items():
            counts[audience, row.status, row.contested] -= 1
        for audience, row in rows.items():
            counts[audience, row.status, row.contested] += 1
        changes.append((claim_id, old, rows))
    _write_rows(connection, changes)
    _count(connection, counts)


def _refresh_links(connection: Connection, claim_id: str) -> None:
    old = _read_rows(connection, [claim_id])[claim_id]
    rows = {audience: row._replace(links=links_json(connection, claim_id, audience)) for audience, row in old.items()}
    if old != rows:
        _write_rows(connection, [(claim_id, old, rows)])


def _write_rows(connection: Connection, changes: Iterable[tuple[str, dict[int, _Row], dict[int, _Row]]]) -> None:
    """Write one row for each run of audiences that read the same; a change is a claim, its old rows and its new."""
    cut_anew, written = [], []
    for claim_id, old, rows in changes:
        runs = list(_runs(rows))
        if [first for first, _, _ in _runs(old)] != [first for first, _, _ in runs]:
            cut_anew.append((claim_id,))
        written += [(claim_id, first, last, *row, entity_tag(row.item, row.links)) for first, last, row in runs]
    connection.executemany("DELETE FROM claims WHERE claim_id = ?", cut_anew)
    connection.executemany(
        """
        INSERT INTO claims
          (claim_id, first_audience, last_audience, position, status, contested, item, links, etag)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (claim_id, first_audience) DO UPDATE
        SET last_audience = excluded.last_audience, position = excluded.position, status = excluded.status,
            contested = excluded.contested, item = excluded.item, links = excluded.links, etag = excluded.etag
        """,
        written,
    )


def _runs(rows: dict[int, _Row]) -> Iterator[tuple[int, int, _Row]]:
    for row, run in groupby(rows, key=rows.__getitem__):
        audiences = list(run)
        yield audiences[0], audiences[-1], row


def _replace_tags(connection: Connection, readings: Readings) -> None:
    connection.executemany("DELETE FROM claim_tags WHERE claim_id = ?", [(claim_id,) for claim_id in readings])
    connection.executemany(
        """
        INSERT INTO claim_tags (claim_id, first_audience, last_audience, position, tag)
        VALUES (?, ?, ?, ?, ?)
        """,
        [
            (claim_id, span.first, span.last, span.reading.position, tag)
            for claim_id, spans in readings.items()
            for span in spans
            for tag in (span.reading.claim and span.reading.claim.tags) or ()
        ],
    )


def _count(connection: Connection, counts: Counts) -> None:
    connection.executemany(
        """
        INSERT INTO status_counts (audience, status, contested, claims)
        VALUES (?, ?, ?, ?)
        ON CONFLICT (audience, status, contested) DO UPDATE SET claims = status_counts.claims + excluded.claims
        """,
        [(*key, change) for key, change in counts.items() if change],
    )
    # A status that a claim only passed through leaves no row, however the events were cut into batches.
    connection.execute("DELETE FROM status_counts WHERE claims = 0")

"""Who reported and denied what, and how it turned out: for each speaker and outlet, as each audience sees it.

A speaker's are the statements that it makes, an outlet's those that it carries: the outlet nearest to the
origin, else that of the publication.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from domain.events import target_of
from domain.facts import Fact
from domain.fold import ClaimFold, Run
from projections.batch import Batch
from projections.database import Connection, one_of

TABLES = (
    # What each source says in each claim, for the audiences that share a reading of it.
    """
    CREATE TABLE claim_sources (
      claim_id TEXT NOT NULL,
      first_audience INTEGER NOT NULL,
      last_audience INTEGER NOT NULL,
      kind TEXT NOT NULL,
      name TEXT NOT NULL,
      reports INTEGER NOT NULL,
      denials INTEGER NOT NULL,
      PRIMARY KEY (claim_id, first_audience, kind, name)
    ) STRICT, WITHOUT ROWID
    """,
    # The claims that turned out: those that stand confirmed or refuted.
    """
    CREATE TABLE claim_outcomes (
      claim_id TEXT NOT NULL,
      audience INTEGER NOT NULL,
      status TEXT NOT NULL,
      PRIMARY KEY (claim_id, audience)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE sources (
      audience INTEGER NOT NULL,
      kind TEXT NOT NULL,
      name TEXT NOT NULL,
      reports INTEGER NOT NULL,
      denials INTEGER NOT NULL,
      claims_confirmed INTEGER NOT NULL,
      claims_refuted INTEGER NOT NULL,
      PRIMARY KEY (audience, kind, name)
    ) STRICT, WITHOUT ROWID
    """,
)

INDEXES = ("CREATE INDEX sources_by_statements ON sources (audience, (-(reports + denials)), name, kind)",)

_OUTCOMES = ("confirmed", "refuted")
Outcomes = dict[str, dict[int, str]]


class Key(NamedTuple):
    """A source in a claim, for the audiences that share a reading of it."""

    claim_id: str
    run: Run
    kind: str
    name: str


class Said(NamedTuple):
    """How often it is reported and denied."""

    reports: int = 0
    denials: int = 0


class Place(NamedTuple):
    """A place in the list of sources: how many statements, the greatest number first, then the name."""

    statements: int
    name: str
    kind: str


class Source(NamedTuple):
    """A source, and how the claims that it reported turned out."""

    kind: str
    name: str
    reports: int
    denials: int
    claims_confirmed: int
    claims_refuted: int

    @property
    def place(self) -> Place:
        """Where it stands in the list."""
        return Place(self.reports + self.denials, self.name, self.kind)


@dataclass(slots=True)
class _Change:
    """What a batch makes of what sources say, and of how claims stand; what does not change may be missing."""

    again: set[str]
    before: dict[Key, Said] = field(default_factory=dict)
    after: dict[Key, Said] = field(default_factory=dict)
    outcomes_before: Outcomes = field(default_factory=dict)
    outcomes_after: Outcomes = field(default_factory=dict)


def apply(connection: Connection, batch: Batch) -> None:
    """Count new statements; count anew where something may no longer count, or a claim turned out otherwise."""
    again = batch.reread | {entry.event.claim_id or "" for entry in batch.entries if target_of(entry.event)}
    outcomes = _read_outcomes(connection, list(batch.folds))
    change = _Change(again, outcomes_before=outcomes, outcomes_after=_outcomes_after(batch, outcomes))
    turned = {claim_id for claim_id in batch.folds if outcomes.get(claim_id) != change.outcomes_after.get(claim_id)}
    change.before = _read_said(connection, sorted(again | turned))
    change.after = {key: said for key, said in change.before.items() if key.claim_id not in again}
    for claim_id in again:
        change.after |= _said_of(claim_id, batch.folds[claim_id])
    for key, said in _said_in(batch, again).items():
        before = change.after.get(key, Said())
        # Of a claim that has turned out, who reports it for the first time shares in that.
        if key.claim_id in outcomes and key not in change.after:
            before = change.before[key] = _read_one(connection, key)
        change.after[key] = Said(before.reports + said.reports, before.denials + said.denials)
    _write_said(connection, change)
    _write_outcomes(connection, change)
    _add_totals(connection, change)


def list_sources(connection: Connection, audience: int, after: Place | None, limit: int) -> list[Source]:
    """Return the sources that an audience sees after a place, those with most statements first."""
    place = "" if after is None else "AND (-(reports + denials), name, kind) > (?, ?, ?)"
    rows = connection.execute(
        f"""
        SELECT kind, name, reports, denials, claims_confirmed, claims_refuted
        FROM sources
        WHERE audience = ? {place}
        ORDER BY -(reports + denials), name, kind
        LIMIT ?
        """,
        (audience, *(() if after is None else (-after.statements, after.name, after.kind)), limit),
    ).fetchall()
    return [Source(*row) for row in rows]


def _outcomes_after(batch: Batch, before: Outcomes) -> Outcomes:
    found = {claim_id: dict(those) for claim_id, those in before.items() if claim_id not in batch.reread}
    for step in batch.steps:
        if step.claim_id not in batch.reread:
            _note_outcome(found, step.claim_id, step.run, step.outline.status)
    for claim_id in batch.reread:
        fold = batch.folds[claim_id]
        for run in fold.runs():
            _note_outcome(found, claim_id, run, fold.outline(run.first).status)
    return {claim_id: those for claim_id, those in found.items() if those}


def _note_outcome(outcomes: Outcomes, claim_id: str, run: Run, status: str) -> None:
    if status in _OUTCOMES:
        outcomes.setdefault(claim_id, {}).update(dict.fromkeys(range(run.first, run.last + 1), status))
    elif claim_id in outcomes:
        for audience in range(run.first, run.last + 1):
            outcomes[claim_id].pop(audience, None)


def _read_outcomes(connection: Connection, claim_ids: list[str]) -> Outcomes:
    marks, parameters = one_of(claim_ids)
    found: Outcomes = {}
    for claim_id, audience, status in connection.execute(
        f"SELECT claim_id, audience, status FROM claim_outcomes WHERE claim_id IN ({marks})", parameters
    ).fetchall():
        found.setdefault(claim_id, {})[audience] = status
    return found


def _read_said(connection: Connection, claim_ids: list[str]) -> dict[Key, Said]:
    marks, parameters = one_of(claim_ids)
    rows = connection.execute(
        f"""
        SELECT claim_id, first_audience, last_audience, kind, name, reports, denials
        FROM claim_sources
        WHERE claim_id IN ({marks})
        """,
        parameters,
    ).fetchall()
    return {
        Key(claim_id, Run(first, last), kind, name): Said(reports, denials)
        for claim_id, first, last, kind, name, reports, denials in rows
    }


def _read_one(connection: Connection, key: Key) -> Said:
    row = connection.execute(
        """
        SELECT reports, denials
        FROM claim_sources
        WHERE claim_id = ? AND first_audience = ? AND kind = ? AND name = ?
        """,
        (key.claim_id, key.run.first, key.kind, key.name),
    ).fetchone()
    return Said() if row is None else Said(*row)


def _said_of(claim_id: str, fold: ClaimFold) -> dict[Key, Said]:
    """Return all that sources say in a claim."""
    return _sum(
        (Key(claim_id, run, name.kind, name.name or ""), fact)
        for run in fold.runs()
        for fact in fold.effective(run.first)
        for name in fact.sources
    )


def _said_in(batch: Batch, again: set[str]) -> dict[Key, Said]:
    """Return what sources say in new events, of claims in which nothing else changes."""
    said = []
    for entry in batch.entries:
        claim_id = entry.event.claim_id or ""
        if claim_id not in again:
            fold = batch.folds[claim_id]
            fact = fold.fact_of(entry.event.event_id or "")
            runs = [run for run in fold.runs() if run.first >= entry.audience] if fact.sources else []
            said += [(Key(claim_id, run, name.kind, name.name or ""), fact) for run in runs for name in fact.sources]
    return _sum(said)


def _sum(said: Iterable[tuple[Key, Fact]]) -> dict[Key, Said]:
    counts: Counter[tuple[Key, str]] = Counter((key, fact.type) for key, fact in said)
    return {key: Said(counts[key, "ClaimReported"], counts[key, "ClaimDenied"]) for key, _ in counts}


def _write_said(connection: Connection, change: _Change) -> None:
    connection.executemany("DELETE FROM claim_sources WHERE claim_id = ?", [(claim_id,) for claim_id in change.again])
    connection.executemany(
        """
        INSERT INTO claim_sources (claim_id, first_audience, last_audience, kind, name, reports, denials)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (claim_id, first_audience, kind, name) DO UPDATE
        SET reports = claim_sources.reports + excluded.reports, denials = claim_sources.denials + excluded.denials
        """,
        list(_rows_to_add(change)),
    )


def _rows_to_add(change: _Change) -> Iterator[tuple[str, int, int, str, str, int, int]]:
    nothing = Said()
    for key, said in change.after.items():
        before = nothing if key.claim_id in change.again else change.before.get(key, nothing)
        if said != before:
            reports, denials = said.reports - before.reports, said.denials - before.denials
            yield key.claim_id, *key.run, key.kind, key.name, reports, denials


def _write_outcomes(connection: Connection, change: _Change) -> None:
    before = {(claim_id, *each) for claim_id, those in change.outcomes_before.items() for each in those.items()}
    after = {(claim_id, *each) for claim_id, those in change.outcomes_after.items() for each in those.items()}
    connection.executemany(
        "DELETE FROM claim_outcomes WHERE claim_id = ? AND audience = ? AND status = ?", sorted(before - after)
    )
    connection.executemany(
        "INSERT INTO claim_outcomes (claim_id, audience, status) VALUES (?, ?, ?)", sorted(after - before)
    )


def _add_totals(connection: Connection, change: _Change) -> None:
    totals: defaultdict[tuple[int, str, str], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for sign, said, outcomes in (
        (-1, change.before, change.outcomes_before),
        (1, change.after, change.outcomes_after),
    ):
        for (claim_id, run, kind, name), (reports, denials) in said.items():
            turned = outcomes.get(claim_id, {}) if reports else {}
            for audience in range(run.first, run.last + 1):
                total = totals[audience, kind, name]
                total[0] += sign * reports
                total[1] += sign * denials
                if audience in turned:
                    total[2 + _OUTCOMES.index(turned[audience])] += sign
    connection.executemany(
        """
        INSERT INTO sources (audience, kind, name, reports, denials, claims_confirmed, claims_refuted)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (audience, kind, name) DO UPDATE
        SET reports = sources.reports + excluded.reports,
            denials = sources.denials + excluded.denials,
            claims_confirmed = sources.claims_confirmed + excluded.claims_confirmed,
            claims_refuted = sources.claims_refuted + excluded.claims_refuted
        """,
        [(*source, *counts) for source, counts in totals.items() if any(counts)],
    )
    connection.executemany(
        "DELETE FROM sources WHERE audience = ? AND kind = ? AND name = ? AND reports + denials = 0", list(totals)
    )

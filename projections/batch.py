"""What the follower hands to every read model: new events, their claims, and who may read what."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from domain.events import Event, EventErased, EventReclassified, Tombstone
from domain.fold import ClaimFold, Run
from domain.reader import Outline
from domain.sharing import forget_words
from projections.database import Connection
from projections.ledger import Stored, fold_claims, new_fold


class Entry(NamedTuple):
    """One new event of the ledger, and the first audience that sees it."""

    position: int
    recorded_us: int
    event: Event | Tombstone
    audience: int


class Move(NamedTuple):
    """An event that another audience sees from now on."""

    position: int
    recorded_us: int
    before: int
    after: int


class Step(NamedTuple):
    """A reading of a claim that has a new version: the audiences that share it, its outline, and the one before."""

    claim_id: str
    run: Run
    outline: Outline
    former: Outline | None


@dataclass(frozen=True, slots=True)
class Batch:
    """New events in ledger order, and all that they change.

    `moves` are the events whose readers they change; `folds` every claim they touch, as of the last event;
    `steps` the new versions, one after another, but not of the claims in `reread`: their past is another one
    now for some audience.
    """

    entries: list[Entry] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
    folds: dict[str, ClaimFold] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    reread: set[str] = field(default_factory=set)

    def add(self, fold: ClaimFold, stored: Stored) -> None:
        """Fold one event, and note what it changes."""
        claim_id, event = stored.event.claim_id or "", stored.event
        before = fold.runs()
        former = {run.first: fold.outline(run.first) for run in before}
        moved = _add(fold, stored)
        runs = fold.runs()
        audience = fold.audience_of(event.event_id or "")
        self.entries.append(Entry(stored.position, stored.recorded_us, event, audience))
        self.moves.extend(moved)
        if moved or isinstance(event, EventErased) or (before and before != runs):
            self.reread.add(claim_id)
        if claim_id not in self.reread:
            for run in runs:
                if run.first >= audience:
                    self.steps.append(Step(claim_id, run, fold.outline(run.first), former.get(run.first)))


# What a fold of one event takes in memory is what a long one takes for so many more.
_FOLD_EVENTS = 6


class Folds:
    """The claims folded last, as many as hold `max_events` events between them, each counted as some more."""

    def __init__(self, max_events: int) -> None:
        self._max_events = max_events
        self._folds: OrderedDict[str, ClaimFold] = OrderedDict()
        self._events = 0
        self.again = 0
        """How many events were folded again for the last that were taken in: those of claims no longer held."""

    def clear(self) -> None:
        """Forget all: what they hold may not have been committed."""
        self._folds.clear()
        self._events = 0

    def take_in(self, connection: Connection, news: Sequence[Stored], position: int) -> Batch:
        """Fold new events, the first of which follows `position`, and return them with what they change."""
        batch = Batch(folds=self._hold(connection, news, position))
        for stored in news:
            batch.add(batch.folds[stored.event.claim_id or ""], stored)
        self._events += len(news)
        erased = {stored.event.claim_id or "" for stored in news if isinstance(stored.event, EventErased)}
        if erased:
            # What was folded before it was erased is in the fold, and in what it remembers: nobody may keep that.
            again = fold_claims(connection, sorted(erased), news[-1].position)
            batch.folds.update(again)
            self._folds.update(again)
            forget_words()
        self._evict()
        return batch

    def _hold(self, connection: Connection, news: Sequence[Stored], position: int) -> dict[str, ClaimFold]:
        """Return the claims of new events, as they were before them."""
        begins = {stored.event.claim_id or "" for stored in news if stored.event.claim_version == 1}
        touched = dict.fromkeys(stored.event.claim_id or "" for stored in news)
        lacking = [claim_id for claim_id in touched if claim_id not in self._folds]
        folded = fold_claims(connection, [claim_id for claim_id in lacking if claim_id not in begins], position)
        for claim_id in lacking:
            self._folds[claim_id] = folded[claim_id] if claim_id in folded else new_fold(connection)
        for claim_id in touched:
            self._folds.move_to_end(claim_id)
        self.again = sum(map(len, folded.values()))
        self._events += self.again
        return {claim_id: self._folds[claim_id] for claim_id in touched}

    def _evict(self) -> None:
        while self._events + _FOLD_EVENTS * len(self._folds) > self._max_events and len(self._folds) > 1:
            _, fold = self._folds.popitem(last=False)
            self._events -= len(fold)


def _add(fold: ClaimFold, stored: Stored) -> list[Move]:
    """Fold one event; return the event that a reclassification shows to others from now on."""
    event = stored.event
    if not isinstance(event, EventReclassified):
        fold.add(event, stored.position)
        return []
    target = event.data.target_event_id
    before = fold.audience_of(target)
    fold.add(event, stored.position)
    fact, after = fold.fact_of(target), fold.audience_of(target)
    return [] if before == after else [Move(fact.position, fact.recorded_us, before, after)]

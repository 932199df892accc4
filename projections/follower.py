"""Feeds the read models: a batch of events, all of them in one transaction, exactly once.

Where there are none yet and the ledger is long, they are first built claim by claim.
"""

import zlib
from collections import deque
from typing import NamedTuple

from domain.sharing import forget_words
from projections import (
    activity,
    changes,
    embargoes,
    full_text,
    history,
    links,
    names,
    search,
    snapshots,
    sources,
    standing,
    timeline,
    tracking,
)
from projections.batch import Batch, Folds
from projections.building import Builder
from projections.database import Connection
from projections.ledger import read_after, read_head
from projections.log import log
from projections.recent import RecentEvents
from projections.tracking import Built

_APPLIED = (standing, names, timeline, snapshots, history, activity, embargoes, search, sources, changes)
_READ_MODELS = (tracking, links, *_APPLIED, log)
_INDEXES = (*standing.INDEXES, *names.INDEXES, *timeline.INDEXES, *sources.INDEXES)
"""What only readers need: made at once in the end, a tenth of the work of keeping them while read models are built."""

BUILD_FROM = 10_000
"""From how many events on read models that have none yet are built claim by claim."""
_STEPS_THAT_TELL = 4


def create_tables(connection: Connection) -> None:
    """Make the tables of every read model, empty, as of position 0."""
    for model in _READ_MODELS:
        for statement in model.TABLES:
            connection.execute(statement)
    full_text.create_index(connection)
    _create_indexes(connection)
    tracking.start(connection)


def schema_fingerprint() -> int:
    """Return a number (31 bits, not 0) that changes with the tables of any read model."""
    tables = [statement for model in _READ_MODELS for statement in model.TABLES]
    return zlib.crc32("\n".join([*tables, *_INDEXES, *full_text.statements()]).encode()) >> 1 | 1


def read_model_names() -> list[str]:
    """Return the names of the read models, as an operator calls them."""
    return [model.__name__.rpartition(".")[2] for model in _READ_MODELS if model is not tracking]


class _Weight(NamedTuple):
    """After a step: how many events were left, and how many were folded again for each."""

    behind: int
    again: float


class Follower:
    """Brings the read models of one connection up to date, step by step. It has one owner."""

    def __init__(
        self,
        connection: Connection,
        batch_limit: int = 1000,
        cached_events: int = 40_000,
        recent: RecentEvents | None = None,
        build_from: int = BUILD_FROM,
    ) -> None:
        """Follow from where the read models are; the events in `recent` it need not parse."""
        self._connection = connection
        self._batch_limit = batch_limit
        self._build_from = build_from
        self._folds = Folds(cached_events)
        self._builder = Builder(connection, _apply, 2 * batch_limit)
        self._position = -1
        self._recent = recent
        self._weighed: deque[_Weight] = deque(maxlen=_STEPS_THAT_TELL)
        self.done = 0
        self.better_built_to = 0
        """The head of the ledger, where new read models would be there sooner than these; else 0."""

    def step(self) -> int:
        """Apply the next events and return the position; the same as before when there are none.

        While read models are built it stays 0, and `done` tells how many events are in them.
        Raises OvertakenError where another follower was first, and BrokenLogError where the ledger is not what it
        was, or can not be; whatever is raised, nothing is applied.
        """
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            position, done = self._move_on(tracking.read_position(self._connection))
            self._connection.execute("COMMIT")
        except BaseException:
            self._folds.clear()
            self._builder.clear()
            self._connection.rollback()
            raise
        self._position, self.done = position, done
        return position

    def rest(self) -> None:
        """Let go of all that is held to be fast: nothing will be followed for a while."""
        self._folds.clear()

    def forget(self, erased: int) -> None:
        """Let go of all that is held, which the next step reads anew: some of it, up to this position, is erased."""
        if self._recent is not None:
            self._recent.forget_to(erased)
        self._folds.clear()
        self._builder.clear()
        forget_words()

    def _move_on(self, position: int) -> tuple[int, int]:
        """Return the position that is reached, and how many events are applied."""
        built = self._built() if position == 0 else None
        if built is not None:
            return self._build(built)
        position = self._follow(position)
        return position, position

    def _follow(self, position: int) -> int:
        if position != self._position:
            self._folds.clear()  # another follower has moved on: what we hold lacks its events
        news = read_after(self._connection, position, self._batch_limit, self._recent)
        if not news:
            return position
        _apply(self._connection, self._folds.take_in(self._connection, news, position))
        log.integrate(self._connection, news[-1].position)
        tracking.move(self._connection, position, news[-1].position)
        self.better_built_to = self._weigh(news[-1].position, len(news))
        return news[-1].position

    def _weigh(self, position: int, count: int) -> int:
        """Return the head where to build up to it folds fewer events than to follow, as the last steps did."""
        if count < self._batch_limit:
            self._weighed.clear()
            return 0
        head = read_head(self._connection)
        behind = head - position
        self._weighed.append(_Weight(behind, self._folds.again / count))
        is_known = len(self._weighed) == _STEPS_THAT_TELL and behind >= self._build_from
        # The least of several steps: the first after a start folds all claims again, however few there are.
        again = min(weight.again for weight in self._weighed)
        # While an import makes the way longer than steps make it shorter, it is the import that needs the processor.
        is_gaining = behind < self._weighed[0].behind
        return head if is_known and is_gaining and behind * (1 + again) > head else 0

    def _built(self) -> Built | None:
        """Return how far the read models are built; None where they are to be followed from the start."""
        built = tracking.read_built(self._connection)
        if built is None and (head := read_head(self._connection)) >= self._build_from:
            built = Built(head)
            _drop_indexes(self._connection)
            tracking.note_built(self._connection, built)
        return built

    def _build(self, built: Built) -> tuple[int, int]:
        after = self._builder.step(built)
        if after is not None:
            return 0, after.events
        self._builder.clear()
        _create_indexes(self._connection)
        # In the order of the ledger, which it reads for itself.
        log.integrate(self._connection, built.head)
        tracking.note_built(self._connection, None)
        tracking.move(self._connection, 0, built.head)
        return built.head, built.head


def _apply(connection: Connection, batch: Batch) -> None:
    for model in _APPLIED:
        model.apply(connection, batch)


def _create_indexes(connection: Connection) -> None:
    for statement in _INDEXES:
        connection.execute(statement)


def _drop_indexes(connection: Connection) -> None:
    for statement in _INDEXES:
        connection.execute(f"DROP INDEX {statement.split()[2]}")

"""Feeds the read models: a batch of events, all of them in one transaction, exactly once."""

import zlib

from projections import activity, embargoes, history, links, names, snapshots, standing, timeline, tracking
from projections.batch import Folds
from projections.database import Connection
from projections.ledger import read_after
from projections.log import log
from projections.recent import RecentEvents

_READ_MODELS = (tracking, standing, links, names, timeline, snapshots, history, activity, embargoes, log)
_APPLY = (
    standing.apply,
    names.apply,
    timeline.apply,
    snapshots.apply,
    history.apply,
    activity.apply,
    embargoes.apply,
)


def create_tables(connection: Connection) -> None:
    """Make the tables of every read model, empty, as of position 0."""
    for model in _READ_MODELS:
        for statement in model.TABLES:
            connection.execute(statement)
    tracking.start(connection)


def schema_fingerprint() -> int:
    """Return a number (31 bits, not 0) that changes with the tables of any read model."""
    tables = [statement for model in _READ_MODELS for statement in model.TABLES]
    return zlib.crc32("\n".join(tables).encode()) >> 1 | 1


def read_model_names() -> list[str]:
    """Return the names of the read models, as an operator calls them."""
    return [model.__name__.rpartition(".")[2] for model in _READ_MODELS if model is not tracking]


class Follower:
    """Brings the read models of one connection up to date, step by step. It has one owner."""

    def __init__(
        self,
        connection: Connection,
        batch_limit: int = 1000,
        cached_events: int = 120_000,
        recent: RecentEvents | None = None,
    ) -> None:
        """Follow from where the read models are; the events in `recent` it need not parse."""
        self._connection = connection
        self._batch_limit = batch_limit
        self._folds = Folds(cached_events)
        self._position = -1
        self._recent = recent

    def step(self) -> int:
        """Apply the next events and return the position; the same as before when there are none.

        Raises OvertakenError where another follower was first, and BrokenLogError where the ledger is not what it
        was, or can not be; whatever is raised, nothing is applied.
        """
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            position = self._apply(tracking.read_position(self._connection))
            self._connection.execute("COMMIT")
        except BaseException:
            self._folds.clear()
            self._connection.rollback()
            raise
        self._position = position
        return position

    def _apply(self, position: int) -> int:
        if position != self._position:
            self._folds.clear()  # another follower has moved on: what we hold lacks its events
        news = read_after(self._connection, position, self._batch_limit, self._recent)
        if not news:
            return position
        batch = self._folds.take_in(self._connection, news, position)
        for apply in _APPLY:
            apply(self._connection, batch)
        log.integrate(self._connection, news[-1].position)
        tracking.move(self._connection, position, news[-1].position)
        return news[-1].position

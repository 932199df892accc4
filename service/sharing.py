"""Brings read models up to date that other nodes bring up to date as well: one of them at a time does."""

import time
from collections.abc import Callable

import structlog

from projections.database import Connection
from projections.follower import Follower
from service.rebuilding import Renewal
from service.store.postgres_generations import PostgresGenerations
from service.store.postgres_views import ViewsSchema

log = structlog.get_logger()

_TAKE_OVER_S = 1.0
"""Read models that stand still for so long while there is something to apply have no follower."""
_LOOK_S = 0.02
_LOOKS = 50


class SharedFollower:
    """Follows as long as nobody else does; else it looks how far the others have come, and takes over from who stops.

    Of two that try at once one gets the position row. It goes on, and the claims that it holds stay of use.
    """

    def __init__(
        self,
        generations: PostgresGenerations,
        show: Callable[[ViewsSchema], None],
        erased: Callable[[], None] = lambda: None,
        pause: Callable[[float], None] = time.sleep,
        elapsed_s: Callable[[], float] = time.monotonic,
        follow: Callable[[Connection], Follower] = Follower,
    ) -> None:
        """Open the current generation, an empty one where there is none; `show` has readers read another one.

        `erased` hears of every new erasure, whichever node it was asked of.
        """
        self._generations = generations
        self._show = show
        self._tell_erased = erased
        self._new_follower = follow
        self._pause = pause
        self._elapsed_s = elapsed_s
        self.schema = generations.current()
        generations.prepare(self.schema)
        generations.remove_others()
        self._connection = generations.open(self.schema)
        self._follower = follow(self._connection)
        self._renewal = Renewal(generations)
        self._leads = True
        self._position: int | None = None
        self._erased = 0

    def step(self) -> int:
        """Return how far the read models have come, having moved them on where nobody else does."""
        progress = self._connection.progress()
        if progress.erased != self._erased:
            self._forget(progress.erased)
        if progress.current != self.schema:
            self._succeed(progress.current, progress.position)
        elif self._position not in (None, progress.position):
            self._leads = False  # somebody else has moved them
        self._position = progress.position
        if progress.position == progress.head:
            self._renewal.close()  # whoever has followed meanwhile was sooner there
            return progress.position
        if self._renewal.step():
            return progress.position
        return self._follow() if self._leads else self._wait(progress.position)

    @property
    def done(self) -> int:
        """How many events are in the read models, or in those that it builds, as far as this node knows."""
        return self._renewal.done or self._position or self._follower.done

    def known(self) -> int:
        """Return how far the read models were when somebody last looked."""
        return self._position or 0

    def close(self) -> None:
        """Close the read models."""
        self._renewal.close()
        self._connection.close()

    def _follow(self) -> int:
        self._leads = False  # unless it gets the position row
        self._position = self._follower.step()
        self._leads = True
        goal = self._follower.better_built_to
        if goal and self._renewal.begin(goal):
            self._follower.rest()
        return self._position

    def _wait(self, position: int) -> int:
        """Wait for somebody else to move the read models on; take over where nobody does."""
        until_s = self._elapsed_s() + _TAKE_OVER_S
        while self._elapsed_s() < until_s:
            reached = self._connection.progress().position
            if reached != position:
                self._position = reached
                return reached
            self._pause(_LOOK_S)
        return self._follow()

    def _forget(self, erased: int) -> None:
        """Let go of what the nodes hold of the ledger beside each other, for some of it is erased now."""
        self._follower.forget(erased)
        self._renewal.close()
        self._tell_erased()
        self._erased = erased

    def _succeed(self, schema: ViewsSchema, position: int) -> None:
        """Change over to read models that were made anew."""
        connection = self._generations.open(schema)
        try:
            follower = self._new_follower(connection)
            # Readers never go back: nobody sees the new ones before they have come as far as the old.
            while connection.progress().position < position:
                follower.step()
            self._show(schema)
        except BaseException:
            connection.close()
            raise
        self._connection.close()
        self._connection, self._follower, self.schema = connection, follower, schema
        log.info("read_models_replaced", schema=schema.name, position=position)


class ReplicaPosition:
    """How far the read models on a replica have come, which is what its readers are told."""

    def __init__(
        self,
        generations: PostgresGenerations,
        schema: Callable[[], ViewsSchema],
        known: Callable[[], int],
        url: str,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """Look at the replica at a URL; `schema` is what is read there, `known` how far it is elsewhere."""
        self._generations = generations
        self._url = url
        self._schema = schema
        self._known = known
        self._pause = pause
        self._held = schema()
        self._connection = generations.reader(self._held, url)()
        self.done = 0

    def step(self) -> int:
        """Return the position, having waited a moment for it where the replica is known to be behind."""
        if self._held != self._schema():
            self._connection.close()
            self._held = self._schema()
            self._connection = self._generations.reader(self._held, self._url)()
        position = self._connection.progress().position
        for _ in range(_LOOKS):
            if position >= self._known():
                break
            self._pause(_LOOK_S)
            position = self._connection.progress().position
        self.done = position
        return position

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

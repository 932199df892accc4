"""Builds all read models anew beside the live ones, and puts them in their place."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

from projections.database import Connection
from projections.follower import Follower

_BATCH_LIMIT = 4000
"""Nobody waits for a step: with more events in each, fewer pages are written twice."""

Progress = Callable[[int, int], None]
"""Hears how many events are done, of how many."""


class Building(Protocol):
    """Where the next read models are made."""

    def build_next(self) -> AbstractContextManager[Connection]:
        """Lend the next read models, half made where somebody was killed; those that are left well become current.

        Raises RebuildUnderWayError.
        """


def rebuild(generations: Building, head: Callable[[], int], progress: Progress) -> int:
    """Build and publish the next read models: claim by claim, then by following; return their position.

    What was killed goes on where it was. The live ones are neither read nor touched.
    Raises RebuildUnderWayError.
    """
    with generations.build_next() as connection:
        follower, position = Follower(connection, _BATCH_LIMIT), -1
        while position < (goal := head()):
            position = follower.step()
            progress(follower.done, goal)
    return position

"""Builds all read models anew beside the live ones, and puts them in their place."""

from collections.abc import Callable
from contextlib import closing

from projections.follower import Follower
from projections.tracking import read_position
from service.store.generations import Generations

Progress = Callable[[int, int], None]
"""Hears how many events are done, of how many."""


def rebuild(generations: Generations, head: Callable[[], int], progress: Progress) -> int:
    """Build and publish the next read models, by the code that follows; return their position.

    What was killed goes on where it was. The live ones are neither read nor touched.
    Raises RebuildUnderWayError.
    """
    with generations.rebuilding():
        path = generations.next()
        generations.prepare(path)
        with closing(generations.open(path)) as connection:
            follower, position = Follower(connection), read_position(connection)
            while position < (goal := head()):
                position = follower.step()
                progress(position, goal)
            connection.execute("PRAGMA main.wal_checkpoint(TRUNCATE)")
        generations.publish(path)
    return position

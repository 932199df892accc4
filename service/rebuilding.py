"""Builds all read models anew beside the live ones, and puts them in their place."""

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, suppress
from typing import Protocol

import structlog

from projections.database import Connection
from projections.follower import Follower
from service.store.generations import RebuildUnderWayError
from service.store.records import StoreUnavailableError

log = structlog.get_logger()

_BATCH_LIMIT = 4000
"""Nobody waits for a step: with more events in each, fewer pages are written twice."""
_BATCH_LIMIT_BESIDE = 1000
"""In a service that has posts to answer and caches to keep."""

Steps = Generator[tuple[int, int], None, None]
Progress = Callable[[int, int], None]
"""Hears how many events are done, of how many."""


class Building(Protocol):
    """Where the next read models are made."""

    def build_next(self) -> AbstractContextManager[Connection]:
        """Lend the next read models, half made where somebody was killed; those that are left well become current.

        Raises RebuildUnderWayError.
        """

    def discard_next(self) -> None:
        """Remove the next read models, which nobody will complete. Raises RebuildUnderWayError."""


def rebuild(generations: Building, head: Callable[[], int], progress: Progress) -> int:
    """Build and publish the next read models: claim by claim, then by following; return their position.

    What was killed goes on where it was. The live ones are neither read nor touched.
    Raises RebuildUnderWayError.
    """
    done = 0
    for done, goal in _steps(generations, head, _BATCH_LIMIT):
        progress(done, goal)
    return done


class Renewal:
    """Builds the next read models a step at a time, for a follower that is far behind. It has one owner.

    What is cut short by `close` goes on where it was when the next one begins.
    """

    def __init__(self, generations: Building) -> None:
        self._generations = generations
        self._steps: Steps | None = None
        self._has_failed = False
        self.done = 0

    def begin(self, goal: int) -> bool:
        """Build from the next step on, up to a position or further; return False where it has failed before."""
        if not self._has_failed:
            # Not until nothing more comes: while posts come faster than they are followed that would be never.
            self._steps = _steps(self._generations, lambda: goal, _BATCH_LIMIT_BESIDE)
        return not self._has_failed

    def step(self) -> bool:
        """Build some more, and return whether that was to be done; where it was the end they are current now.

        Raises as a follower does; then what was built is removed, unless it was the store that was away.
        """
        if self._steps is None:
            return False
        is_first = self.done == 0
        try:
            self.done, goal = next(self._steps)
        except StopIteration:
            self.close()
        except RebuildUnderWayError:  # another's will do as well
            self.close()
            return False
        except StoreUnavailableError:  # it can go on when it is asked for again
            self.close()
            raise
        except Exception:
            self.close()
            self._has_failed = True
            # There may have been no room for it: others want some.
            with suppress(RebuildUnderWayError):
                self._generations.discard_next()
            raise
        else:
            if is_first:
                log.info("read_models_renewing", goal=goal)
        return True

    def close(self) -> None:
        """Let go of what is half done."""
        if self._steps is not None:
            self._steps.close()
        self._steps, self.done = None, 0


def _steps(generations: Building, head: Callable[[], int], batch_limit: int) -> Steps:
    """Yield how many events are done, of how many; when the last was taken, they are published."""
    with generations.build_next() as connection:
        follower, position = Follower(connection, batch_limit), -1
        while position < (goal := head()):
            position = follower.step()
            yield follower.done, goal

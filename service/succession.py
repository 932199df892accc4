"""Follows whichever read models are current, and changes over where a rebuild has put others in their place."""

from collections.abc import Callable
from pathlib import Path

import structlog

from projections.database import Connection
from projections.follower import Follower
from service.rebuilding import Renewal
from service.scrubber import Scrubber
from service.store.generations import Generations
from service.store.sqlite_wal import LIMIT_BYTES

log = structlog.get_logger()


class CurrentFollower:
    """A follower of the current read models. It has one owner, who closes it."""

    def __init__(
        self,
        generations: Generations,
        show: Callable[[Path], None],
        scrubbed: Callable[[int], None] = lambda _: None,
        log_limit_bytes: int = LIMIT_BYTES,
        follow: Callable[[Connection], Follower] = Follower,
    ) -> None:
        """Open the current file, an empty one where it does not fit; `show` has readers read another one.

        `scrubbed` hears up to which position what was erased is in no file any more.
        """
        self._generations = generations
        self._show = show
        self._scrubbed = scrubbed
        self._log_limit_bytes = log_limit_bytes
        self.path = generations.current()
        generations.prepare(self.path)
        generations.remove_others(self.path)
        self._connection = generations.open(self.path)
        self._new_follower = follow
        self._logs = generations.logs(self.path, log_limit_bytes)
        self._follower = follow(self._connection)
        self._scrubber = Scrubber(generations, self.path, self._connection, scrubbed)
        self._renewal = Renewal(generations)
        self._position = 0
        self.done = 0
        self._passed_over: Path | None = None

    def step(self) -> int:
        """Apply the next events and return the position. Raises as a follower does."""
        current = self._generations.current()
        if current not in (self.path, self._passed_over):
            self._succeed(current)
        # Of the events of the step before: its position has been told, so that nobody waits for this to read them.
        self._scrubber.scrub(self._position)
        if self._renewal.step():
            self.done = self._renewal.done
        else:
            self._follow(is_current=current == self.path)
        for written_ahead in self._logs:
            written_ahead.shorten()
        return self._position

    def close(self) -> None:
        """Close the read models."""
        self._renewal.close()
        self._connection.close()

    def _follow(self, *, is_current: bool) -> None:
        self._position, self.done = self._follower.step(), self._follower.done
        goal = self._follower.better_built_to
        if goal and is_current and self._renewal.begin(goal):
            self._follower.rest()
            self._connection.execute("PRAGMA shrink_memory")

    def _succeed(self, path: Path) -> None:
        if not self._generations.is_fit(path):
            # Made by another release, which is about to take over: until then its readers are ours.
            self._passed_over = path
            return
        connection = self._generations.open(path)
        try:
            follower = self._new_follower(connection)
            # Readers never go back: nobody sees the new ones before they have come as far as the old.
            while follower.step() < self._position:
                pass
            self._show(path)
        except BaseException:
            connection.close()
            raise
        self._connection.close()
        self._connection, self._follower, self.path = connection, follower, path
        self._logs = self._generations.logs(path, self._log_limit_bytes)
        self._scrubber = Scrubber(self._generations, path, connection, self._scrubbed)
        self._generations.remove_others(path)
        log.info("read_models_replaced", file=path.name, position=self._position)

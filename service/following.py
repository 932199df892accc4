"""The thread that keeps the read models up to date: woken by appends, and once a second besides."""

import time
from collections.abc import Callable
from math import inf
from typing import Protocol

import structlog

from projections.errors import BrokenLogError
from projections.tracking import OvertakenError
from service.looping import Looping

log = structlog.get_logger()
_POLL_S = 1.0

# A step over many events costs less for each: under load one waits for more of them. Not after a step
# that has taken all it may, which has to catch up.
_MANY = 16
_FULL = 512
_PAUSE_S = 0.1


class Stepping(Protocol):
    """What brings read models up to date: more events are in them than the position says while they are built."""

    @property
    def done(self) -> int:
        """How many events are in them."""

    def step(self) -> int:
        """Apply the next events and return the position; the same as before when there are none."""


class Following(Looping):
    """Steps a follower whenever there may be news, and tells how far it has come."""

    def __init__(
        self,
        follower: Stepping,
        moved: Callable[[int], None],
        broken: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Prepare the thread; `moved` hears of every new position, `broken` of a ledger that is not whole."""
        super().__init__("follower")
        self._follower = follower
        self._moved = moved
        self._broken = broken
        self.failure: str | None = None
        self.looked_s = -inf
        """When it was last known how far it has come, as `time.monotonic` tells it."""

    def run(self) -> None:
        """Step until it is to stop."""
        position, done = -1, -1
        while not self.is_stopping():
            position, before, done = self._step(position), done, self._follower.done
            if done == before:
                self.wait_for_news(_POLL_S)
            elif _MANY <= done - before < _FULL:
                self.pause(_PAUSE_S)

    def _step(self, position: int) -> int:
        """Apply the next batch; return the position, the same as before where nothing could be applied."""
        began_s = time.monotonic()
        try:
            reached = self._follower.step()
        except OvertakenError:
            return position  # somebody else does the work: what it has done is seen with the next step
        except BrokenLogError as error:
            self.failure = f"the read models can not be brought up to date: {error}"
            self._broken(str(error))
            return position
        except Exception as error:  # the thread must go on: a full disk may have room again
            self.failure = f"the read models can not be brought up to date: {type(error).__name__}: {error}"
            log.exception("follower_failed", position=position, error=error)
            return position
        self.failure = None
        self.looked_s = began_s
        if reached != position:
            self._moved(reached)
        return reached

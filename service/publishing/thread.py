"""The thread that publishes: woken when the tree has grown, and once a second besides; one checkpoint a second."""

from collections.abc import Callable
from typing import Protocol

import structlog

from projections.errors import BrokenLogError
from service.looping import Looping
from service.publishing.checking import ContradictionError

log = structlog.get_logger()
_POLL_S = 1.0
_BETWEEN_S = 1.0


class Stepping(Protocol):
    """What publishes checkpoints."""

    def step(self) -> bool:
        """Publish the next checkpoint, if there is one; return whether it did."""


class Publishing(Looping):
    """Steps a publisher for as long as the log is whole."""

    def __init__(self, publisher: Stepping, broken: Callable[[str], None], between_s: float = _BETWEEN_S) -> None:
        """Prepare the thread; `broken` hears why nothing may be signed or appended any more."""
        super().__init__("publisher")
        self._publisher = publisher
        self._broken = broken
        self._between_s = between_s
        self.failure: str | None = None
        self.is_broken = False

    def start(self) -> None:
        """Take the first step here, so that nothing is appended to a log that is not whole; then go on in a thread."""
        self._step()
        super().start()

    def run(self) -> None:
        """Step until it is to stop, or the log is broken."""
        while not self.is_stopping() and not self.is_broken:
            self.wait_for_news(_POLL_S)
            if not self.is_stopping() and self._step():
                # A checkpoint is signed at most once a second, and the first one after a pause at once.
                self.pause(self._between_s)

    def _step(self) -> bool:
        try:
            is_published = self._publisher.step()
        except (BrokenLogError, ContradictionError) as error:
            self.give_up(str(error))
            return False
        except Exception as error:  # the thread must go on: a full disk may have room again
            self.failure = f"no checkpoint can be published: {type(error).__name__}: {error}"
            log.exception("publishing_failed", error=error)
            return False
        self.failure = None
        return is_published

    def give_up(self, reason: str) -> None:
        """Sign nothing more: the log is broken, whoever has found out."""
        if not self.is_broken:
            self.is_broken = True
            log.error("log_broken", reason=reason)
            self._broken(f"the log is broken: {reason}")

"""The threads beside the sequencer's: they follow the ledger, look at the replica, and hear of other nodes."""

from collections.abc import Callable
from time import monotonic

from service.following import Following
from service.storage import Storage


class Threads:
    """Keeps the read models up to date, and tells how far they have come, and how far readers see."""

    def __init__(
        self,
        storage: Storage,
        moved: Callable[[int], None],
        shown: Callable[[int], None],
        broken: Callable[[str], None],
    ) -> None:
        """Prepare them.

        `moved` hears of the read models' positions, `shown` of those that readers see, `broken` of a ledger that
        is not whole.
        """
        self._moved = moved
        self._applied = storage.applied
        self._believed_s = storage.believed_s
        self._shown = shown
        self._following = Following(storage.follower, self._note, broken)
        self._replica = None if storage.replica is None else Following(storage.replica, shown)
        self._listener = storage.listen(self.wake)

    def start(self) -> None:
        """Begin to follow."""
        for thread in (self._following, self._replica, self._listener):
            if thread is not None:
                thread.start()

    def stop(self) -> None:
        """End each after what it is at."""
        for thread in (self._listener, self._replica, self._following):
            if thread is not None:
                thread.stop()

    def wake(self) -> None:
        """Tell that there may be news."""
        self._following.wake()

    @property
    def failure(self) -> str | None:
        """Why the read models can not be brought up to date, or seen."""
        return self._following.failure or (self._replica.failure if self._replica else None)

    def is_current(self) -> bool:
        """Tell whether it was known a moment ago how far readers see."""
        return monotonic() - (self._replica or self._following).looked_s < self._believed_s

    def _note(self, position: int) -> None:
        self._moved(position)
        if self._replica is None:
            self._shown(position)
        else:
            self._replica.wake()
        self._applied(position)

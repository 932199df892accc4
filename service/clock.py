"""The ledger's clock, which distrusts a wall clock that jumps ahead."""

import time

from domain.times import SECOND_US

_TOLERANCE_US = 60 * SECOND_US
# Goes on while the machine sleeps, which the monotonic clock of Linux does not.
_BOOT_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class ClockAheadError(Exception):
    """The wall clock ran ahead of the machine's own; one such instant would stay in the ledger for ever."""


class Clock:
    """Wall-clock microseconds since 1970, checked against the time since boot."""

    def __init__(self) -> None:
        self._started_us = self.wall_us() - self.boot_us()

    def wall_us(self) -> int:
        """Return what the wall clock says."""
        return time.time_ns() // 1000

    def boot_us(self) -> int:
        """Return the time since boot, sleep included."""
        return time.clock_gettime_ns(_BOOT_CLOCK) // 1000

    def fault(self) -> str | None:
        """Return why nothing can be recorded: the wall clock is over 60 s ahead of where it was started."""
        return self._fault_at(self.wall_us())

    def now_us(self) -> int:
        """Return the instant to record at. Raises ClockAheadError while there is a fault."""
        now_us = self.wall_us()
        # What is checked is what is returned: the clock may jump between two looks at it.
        fault = self._fault_at(now_us)
        if fault is not None:
            raise ClockAheadError(fault)
        return now_us

    def _fault_at(self, wall_us: int) -> str | None:
        ahead_us = wall_us - self.boot_us() - self._started_us
        if ahead_us <= _TOLERANCE_US:
            return None
        return f"the wall clock jumped {ahead_us // SECOND_US} s ahead: set it right, or restart the service"


def ledger_now_us(own_us: int, database_us: int | None) -> int:
    """Return the instant to record at: the database's, where several machines append to one that has a clock.

    Raises ClockAheadError where that is over 60 s ahead of this machine's, which was checked.
    """
    if database_us is None:
        return own_us
    ahead_us = database_us - own_us
    if ahead_us > _TOLERANCE_US:
        raise ClockAheadError(
            f"the database's clock is {ahead_us // SECOND_US} s ahead of this machine's: set the wrong one right"
        )
    return database_us

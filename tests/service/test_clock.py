"""The ledger's clock distrusts a wall clock that jumps ahead of the machine's own."""

import time

import pytest

from domain.times import SECOND_US
from service.clock import Clock, ClockAheadError


class SetClock(Clock):
    """A clock whose hands are set by hand; `next_wall_us` is seen once, after the present one."""

    def __init__(self) -> None:
        self.walls_us = [1_728_043_200 * SECOND_US]
        self.since_boot_us = 500 * SECOND_US
        super().__init__()

    def wall_us(self) -> int:
        return self.walls_us.pop(0) if len(self.walls_us) > 1 else self.walls_us[0]

    def boot_us(self) -> int:
        return self.since_boot_us

    def pass_s(self, boot_s: int, wall_s: int) -> None:
        self.since_boot_us += boot_s * SECOND_US
        self.walls_us = [self.walls_us[0] + wall_s * SECOND_US]


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.mark.parametrize(("boot_s", "wall_s"), [(0, 0), (3600, 3600), (10, 70), (3600, 0), (0, -86_400)])
def test_a_clock_that_is_at_most_a_minute_ahead_tells_the_time(clock, boot_s, wall_s):
    clock.pass_s(boot_s, wall_s)
    assert clock.fault() is None
    assert clock.now_us() == clock.wall_us()


def test_a_clock_that_is_over_a_minute_ahead_tells_none_until_it_is_right_again(clock):
    clock.pass_s(boot_s=10, wall_s=71)
    assert "61 s ahead" in (clock.fault() or "")
    with pytest.raises(ClockAheadError, match="61 s ahead"):
        clock.now_us()
    clock.pass_s(boot_s=10, wall_s=-41)
    assert clock.now_us() == clock.wall_us()


def test_the_instant_that_is_told_is_the_one_that_was_checked(clock):
    before = clock.wall_us()
    clock.walls_us.append(before + 3600 * SECOND_US)
    assert clock.now_us() == before


def test_the_real_clocks_agree_with_the_system():
    clock = Clock()
    before = time.time_ns() // 1000
    assert before <= clock.now_us() <= time.time_ns() // 1000
    assert clock.boot_us() <= clock.boot_us()

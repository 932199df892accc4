"""The follower's thread: it is woken by news, goes on after a failure, and stops when it is told."""

import queue
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from projections.errors import BrokenLogError
from projections.follower import Follower
from projections.tracking import OvertakenError
from service.following import Following
from tests.service.desk import PATIENCE_S


class ScriptedFollower(Follower):
    """Steps as it is told: to a position, or into an error. Without a script it stays."""

    def __init__(self, *script: int | Exception) -> None:
        self._script = deque(script)
        self._position = self.done = 0
        self.is_idle = threading.Event()

    def tell(self, step: int | Exception) -> None:
        self.is_idle.clear()
        self._script.append(step)

    def step(self) -> int:
        if not self._script:
            self.is_idle.set()
            return self._position
        told = self._script.popleft()
        if isinstance(told, Exception):
            raise told
        self._position = self.done = told
        return told


class Positions:
    """Collects the positions that were told, and lets a test wait for one."""

    def __init__(self) -> None:
        self.seen: list[int] = []
        self._changed = threading.Condition()

    def add(self, position: int) -> None:
        with self._changed:
            self.seen.append(position)
            self._changed.notify_all()

    def wait_for(self, position: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: position in self.seen, PATIENCE_S)


@contextmanager
def following(follower: ScriptedFollower) -> Iterator[tuple[Following, Positions]]:
    positions = Positions()
    thread = Following(follower, positions.add)
    thread.start()
    try:
        yield thread, positions
    finally:
        thread.stop()


def test_every_new_position_is_told_once():
    with following(ScriptedFollower(3, 5, 5, 9)) as (thread, positions):
        positions.wait_for(5)
        thread.wake()
        positions.wait_for(9)
    assert positions.seen == [3, 5, 9]


def test_the_position_of_the_start_is_told_too():
    with following(ScriptedFollower()) as (_, positions):
        positions.wait_for(0)
    assert positions.seen == [0]


def test_news_wake_the_follower():
    follower = ScriptedFollower(1)
    with following(follower) as (thread, positions):
        assert follower.is_idle.wait(PATIENCE_S)
        follower.tell(2)
        thread.wake()
        positions.wait_for(2)
    assert positions.seen == [1, 2]


def test_a_failure_is_told_and_forgotten_when_all_is_well_again():
    follower = ScriptedFollower(1)
    with following(follower) as (thread, positions):
        assert follower.is_idle.wait(PATIENCE_S)
        follower.tell(OSError("disk full"))
        thread.wake()
        # Where nobody brings news, the next step comes by itself.
        assert follower.is_idle.wait(PATIENCE_S)
        follower.tell(2)
        thread.wake()
        positions.wait_for(2)
        assert thread.failure is None
    assert positions.seen == [1, 2]


def test_while_steps_fail_the_reason_is_said():
    with following(ScriptedFollower(OSError("disk full"))) as (thread, positions):
        pass
    assert "disk full" in (thread.failure or "")
    assert positions.seen == []


def test_who_is_overtaken_goes_on_from_where_the_other_has_come_to():
    with following(ScriptedFollower(1, OvertakenError("by another"), 7)) as (thread, positions):
        positions.wait_for(1)
        thread.wake()
        positions.wait_for(7)
        assert thread.failure is None
    assert positions.seen == [1, 7]


def test_a_ledger_that_is_not_whole_is_told_of():
    told = queue.SimpleQueue[str]()
    script = [BrokenLogError(2, "the event is missing")] * 1000  # it does not get better by itself
    thread = Following(ScriptedFollower(*script), lambda _: None, told.put)
    thread.start()
    assert told.get(timeout=PATIENCE_S) == "position 2: the event is missing"
    thread.stop()
    assert "position 2: the event is missing" in (thread.failure or "")


def test_nothing_is_stepped_after_the_stop():
    follower = ScriptedFollower(1)
    with following(follower) as (thread, positions):
        positions.wait_for(1)
    follower.tell(2)
    thread.wake()
    assert positions.seen == [1]

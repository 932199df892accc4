"""The publisher's thread: it is woken, paces itself, goes on after a failure, and ends with a broken log."""

import queue
from collections import deque

from structlog.testing import capture_logs

from projections.errors import BrokenLogError
from service.publishing.checking import ContradictionError
from service.publishing.thread import Publishing
from tests.service.desk import PATIENCE_S


class ScriptedPublisher:
    """Steps as it is told; `stepped` hears of every step."""

    def __init__(self, *script: bool | Exception) -> None:
        self.script = deque(script)
        self.stepped = queue.SimpleQueue[bool]()

    def step(self) -> bool:
        told = self.script.popleft() if self.script else False
        self.stepped.put(bool(self.script))
        if isinstance(told, Exception):
            raise told
        return told


def test_the_first_step_is_taken_before_the_start_returns():
    publisher = ScriptedPublisher(True)
    publishing = Publishing(publisher, lambda _: None)
    publishing.start()
    assert not publisher.stepped.empty()
    publishing.stop()


def test_it_steps_when_it_is_woken_and_when_it_is_not():
    publisher = ScriptedPublisher(True, True, True)
    publishing = Publishing(publisher, lambda _: None, between_s=0.001)
    publishing.start()
    publishing.wake()
    for _ in range(4):
        publisher.stepped.get(timeout=PATIENCE_S)
    publishing.stop()


def test_after_a_failure_it_goes_on():
    publisher = ScriptedPublisher(OSError("disk full"), True)
    publishing = Publishing(publisher, lambda _: None, between_s=0.001)
    with capture_logs() as logs:
        publishing.start()
        failures = [publishing.failure]
        publishing.wake()
        for _ in range(3):
            publisher.stepped.get(timeout=PATIENCE_S)
    publishing.stop()
    assert [*failures, publishing.failure] == ["no checkpoint can be published: OSError: disk full", None]
    assert [line["event"] for line in logs] == ["publishing_failed"]


def test_a_broken_log_is_told_of_once_and_nothing_is_stepped_any_more():
    for error in (ContradictionError("an older ledger"), BrokenLogError(7, "an older ledger")):
        told: list[str] = []
        publisher = ScriptedPublisher(error, True)
        publishing = Publishing(publisher, told.append)
        with capture_logs() as logs:
            publishing.start()
            publishing.give_up("found out by somebody else, too")
            publishing.stop()
        assert publishing.is_broken
        assert told == [f"the log is broken: {error}"]
        assert len(publisher.script) == 1
        assert [line["event"] for line in logs] == ["log_broken"]

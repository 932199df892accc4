"""How far reads are behind, told with a clock that the test sets."""

from service.lag import Lag


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def test_read_models_that_are_level_have_no_lag():
    lag = Lag(0, Clock())
    lag.appended(3)
    lag.moved(3)
    assert (lag.head, lag.position, lag.seconds) == (3, 3, 0.0)


def test_the_oldest_event_that_waits_makes_the_lag():
    clock = Clock()
    lag = Lag(0, clock)
    for position in range(1, 11):
        lag.appended(position)
        clock.now_s += 2
    assert lag.seconds == 20
    lag.moved(4)
    assert lag.seconds == 12
    lag.moved(10)
    assert lag.seconds == 0


def test_what_waits_between_two_marks_is_not_forgotten():
    clock = Clock()
    lag = Lag(0, clock)
    lag.appended(1)
    clock.now_s += 0.5
    lag.appended(2)
    lag.moved(1)
    clock.now_s += 60
    assert lag.seconds == 60


def test_read_models_that_begin_anew_wait_since_the_start():
    clock = Clock()
    lag = Lag(500, clock)
    lag.moved(0)
    clock.now_s += 7
    assert (lag.head - lag.position, lag.seconds) == (500, 7)


def test_the_read_models_may_know_of_events_before_this_process_appends():
    lag = Lag(0, Clock())
    lag.moved(9)
    assert lag.head == 9
    lag.appended(8)
    assert lag.seconds == 0


def test_read_models_that_stand_still_for_a_day_cost_no_memory():
    clock = Clock()
    lag = Lag(0, clock)
    for position in range(1, 86_401):
        lag.appended(position)
        clock.now_s += 1
    assert lag.seconds == 86_400
    lag.moved(86_399)
    assert lag.seconds == 0
    clock.now_s += 5
    assert lag.seconds == 5
